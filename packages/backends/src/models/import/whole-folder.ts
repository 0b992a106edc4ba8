import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Makes a folder so that it is there whole or not at all: under a name of its own beside it, then renamed. What was there
 * before is replaced; what a process left that was killed while it made the same folder is removed.
 * @param fill writes the content into the path it is given
 * @param isDone whether another process has made the folder meanwhile, which is then kept
 */
export async function makeWholeFolder(
  target: string,
  fill: (path: string) => Promise<void>,
  isDone: () => Promise<boolean>,
): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  await removeRemains(target)
  const temporary = `${target}.${process.pid}-${randomUUID()}.part`
  try {
    await mkdir(temporary)
    await fill(temporary)
    if (await isDone()) return
    await replaceFolder(target, temporary)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function replaceFolder(target: string, next: string): Promise<void> {
  const old = `${next}.old`
  await rename(target, old).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
  try {
    await rename(next, target)
  } finally {
    await rm(old, { recursive: true, force: true })
  }
}

async function removeRemains(target: string): Promise<void> {
  const beginning = `${basename(target)}.`
  for (const name of await readdir(dirname(target))) {
    const maker = name.startsWith(beginning) ? /^(\d+)-.*\.part(\.old)?$/.exec(name.slice(beginning.length)) : undefined
    if (maker && !isRunning(Number(maker[1]))) await rm(join(dirname(target), name), { recursive: true, force: true })
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
