import { randomUUID } from 'node:crypto'
import { link, open, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { PerStreamError } from '@perstream/spec'
import { errorCode, isMissing } from './node-directory'

const lockName = 'lock'
/** A takeover takes milliseconds: a guard that is older was left by one that died. */
const takeoverSeconds = 10

/** Who holds a lock. */
interface LockHolder {
  readonly pid: number
  readonly host: string
  /** When the process began, in the system's own unit; null where that cannot be known. */
  readonly started: string | null
  /** The process numbers that `pid` is one of: those of another container are not comparable. */
  readonly namespace: string | null
  readonly since: string
  readonly token: string
}

/** A lock that is held. */
interface FileLock {
  release(): Promise<void>
}

/**
 * Takes the lock of a folder. A lock whose process is dead is taken over.
 * @throws PerStreamError `store-locked` that names the holder
 */
export async function acquireLock(folder: string, onTakeover: (holder: string) => void): Promise<FileLock> {
  const path = join(folder, lockName)
  const mine = await describeSelf()
  if (!(await place(path, mine))) {
    const holder = await readHolder(path)
    if (holder && (await isAlive(holder))) throw locked(folder, holder)
    await takeOver(folder, path, mine)
    onTakeover(holder ? describe(holder) : 'a process that left no name')
  }
  await removeDrafts(folder)
  return {
    async release() {
      if ((await readHolder(path))?.token === mine.token) await rm(path, { force: true })
    },
  }
}

/** Says whether a live writer holds the lock of a folder. */
export async function isLocked(folder: string): Promise<boolean> {
  const holder = await readHolder(join(folder, lockName))
  return holder !== undefined && (await isAlive(holder))
}

/** Only one process at a time may judge and replace a dead lock, else two could each remove the other's. */
async function takeOver(folder: string, path: string, mine: LockHolder): Promise<void> {
  const guard = `${path}.takeover`
  if (!(await place(guard, mine))) {
    if (!(await isOlder(guard, takeoverSeconds))) throw locked(folder, (await readHolder(guard)) ?? mine)
    await rm(guard, { force: true })
    if (!(await place(guard, mine))) throw locked(folder, (await readHolder(guard)) ?? mine)
  }
  try {
    const holder = await readHolder(path)
    if (holder && (await isAlive(holder))) throw locked(folder, holder)
    await rm(path, { force: true })
    if (!(await place(path, mine))) throw locked(folder, (await readHolder(path)) ?? mine)
  } finally {
    await rm(guard, { force: true })
  }
}

/** Puts a file in place with its content at once; false when there is one. */
async function place(path: string, holder: LockHolder): Promise<boolean> {
  const draft = `${path}.${holder.token}.tmp`
  try {
    await writeNew(draft, holder)
    await link(draft, path)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    if (!noLinks.has(String(errorCode(error)))) throw error
    return placeWithoutLink(path, holder)
  } finally {
    await rm(draft, { force: true })
  }
}

/** Removes drafts that processes left which died while they made them; fresh ones are of processes that are at it. */
async function removeDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (/^lock\..*\.tmp$/.test(name) && (await isOlder(join(folder, name), takeoverSeconds)))
      await rm(join(folder, name), { force: true })
}

/** File systems without hard links. */
const noLinks = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'])

async function placeWithoutLink(path: string, holder: LockHolder): Promise<boolean> {
  try {
    await writeNew(path, holder)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

async function writeNew(path: string, holder: LockHolder): Promise<void> {
  const handle = await open(path, 'wx')
  try {
    await handle.writeFile(`${JSON.stringify(holder)}\n`)
  } finally {
    await handle.close()
  }
}

async function readHolder(path: string): Promise<LockHolder | undefined> {
  try {
    const holder = JSON.parse(await readFile(path, 'utf8'))
    return Number.isInteger(holder?.pid) ? holder : undefined
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined
    throw error
  }
}

async function isOlder(path: string, seconds: number): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > seconds * 1000
  } catch (error) {
    if (isMissing(error)) return true
    throw error
  }
}

/** A process of another machine or container cannot be seen from here: it counts as alive. */
async function isAlive(holder: LockHolder): Promise<boolean> {
  const self = await describeSelf()
  if (holder.host !== self.host || holder.namespace !== self.namespace) return true
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false
  }
  const started = await processStart(holder.pid)
  return holder.started === null || started === null || started === holder.started
}

async function describeSelf(): Promise<LockHolder> {
  return {
    pid: process.pid,
    host: hostname(),
    started: await processStart(process.pid),
    namespace: await orNull(readlink('/proc/self/ns/pid')),
    since: new Date().toISOString(),
    token: randomUUID(),
  }
}

/** Field 22 of /proc/PID/stat (Linux), with the boot it counts from; the name in field 2 may hold blanks and brackets. */
async function processStart(pid: number): Promise<string | null> {
  const line = await orNull(readFile(`/proc/${pid}/stat`, 'utf8'))
  const boot = await orNull(readFile('/proc/sys/kernel/random/boot_id', 'utf8'))
  const ticks = line?.slice(line.lastIndexOf(')') + 2).split(' ')[19]
  return ticks === undefined ? null : `${boot?.trim() ?? ''}/${ticks}`
}

/** Null where the system does not have what is asked for. */
async function orNull(value: Promise<string>): Promise<string | null> {
  return value.catch(() => null)
}

function describe({ pid, host, since }: LockHolder): string {
  return `process ${pid} on ${host} since ${since}`
}

function locked(folder: string, holder: LockHolder): PerStreamError {
  return new PerStreamError(
    'store-locked',
    `${folder} is being written by ${describe(holder)}: wait for it, open with mode "read", or, if that machine is gone, delete the file "${lockName}" there`,
    { fields: { directory: folder, pid: holder.pid, host: holder.host, since: holder.since } },
  )
}
