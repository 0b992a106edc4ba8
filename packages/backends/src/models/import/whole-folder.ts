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
    await moveInto(target, temporary, isDone)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** Others may make the same folder in between. */
const mostAttempts = 5

/** What is there already is kept when another process has just made it, and moved out of the way when it is out of date. */
async function moveInto(target: string, next: string, isDone: () => Promise<boolean>): Promise<void> {
  for (let attempt = 1; !(await isDone()); attempt++) {
    const failure = await rename(next, target).then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    if (!failure || (await isDone())) return
    if (!isTaken(failure.error) || attempt === mostAttempts) throw failure.error
    const old = `${next}.old`
    await rename(target, old).catch((error: unknown) => {
      if (!isMissing(error)) throw error
    })
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

/** What a rename onto a folder fails with; EPERM on Windows. */
function isTaken(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
