import { open } from 'node:fs/promises'

/** Makes the names in a folder durable; calls that come while one is under way share the next. Windows cannot sync a folder, and needs it not. */
export function createFolderSync(folder: string): () => Promise<void> {
  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  const sync = async () => {
    next = undefined
    if (process.platform === 'win32') return
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
  return () => {
    next ??= running = running.then(sync, sync)
    return next
  }
}
