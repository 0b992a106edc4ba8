import type { UnreliableDirectory } from '@perstream/conformance'
import type { JournalDirectory, JournalFile } from '../src/journal'

interface Watching {
  readonly onOpen?: () => void
  readonly onClose?: () => void
  readonly onRead?: (name: string) => void
  readonly onReading?: (change: 1 | -1) => void
}

/** Tells what happens to the files of a directory. */
export function watched(
  directory: UnreliableDirectory,
  { onOpen, onClose, onRead, onReading }: Watching,
): JournalDirectory {
  return wrapped(directory, (name, file) => {
    onOpen?.()
    return {
      ...file,
      async read(offset, length) {
        onRead?.(name)
        onReading?.(1)
        await new Promise((resolve) => setTimeout(resolve, 1))
        onReading?.(-1)
        return file.read(offset, length)
      },
      async close() {
        onClose?.()
      },
    }
  })
}

/** A directory like that of a browser, where what a removed file held is gone for those who had it open. */
export function forgetful(directory: UnreliableDirectory): JournalDirectory {
  return wrapped(directory, (name, file) => ({
    ...file,
    async read(offset, length) {
      if (!directory.files.has(name)) throw new Error('it was removed')
      return file.read(offset, length)
    },
  }))
}

function wrapped(
  directory: UnreliableDirectory,
  wrap: (name: string, file: JournalFile) => JournalFile,
): JournalDirectory {
  return {
    ...methodsOf(directory),
    async open(name) {
      const file = await directory.open(name)
      return file && wrap(name, file)
    },
  }
}

/** The methods alone, to be changed. */
export function methodsOf(directory: UnreliableDirectory): JournalDirectory {
  return {
    list: () => directory.list(),
    open: (name) => directory.open(name),
    write: (name, parts) => directory.write(name, parts),
    replace: (name, parts) => directory.replace(name, parts),
    remove: (name) => directory.remove(name),
    sync: () => directory.sync(),
  }
}
