/** A file of an {@link UnreliableDirectory}. */
export interface UnreliableFile {
  size(): Promise<number>
  read(offset: number, length: number): Promise<Uint8Array>
  append(bytes: Uint8Array): Promise<void>
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  close(): Promise<void>
}

/** What goes wrong at a step: the power, or one write for want of room. */
export type UnreliableFailure = 'power' | 'full'

/**
 * A directory in memory that fails when it is told to, and after a power cut has lost, torn or reordered what was not synced. It is a
 * `JournalDirectory` of `@perstream/pmg/journal`.
 */
export interface UnreliableDirectory {
  list(): Promise<string[]>
  open(name: string): Promise<UnreliableFile | undefined>
  write(name: string, parts: Iterable<Uint8Array>): Promise<void>
  replace(name: string, parts: Iterable<Uint8Array>): Promise<void>
  remove(name: string): Promise<void>
  sync(): Promise<void>
  /** Steps that were taken so far: each piece that is written, each sync and each change of a name is one. */
  readonly steps: number
  /** What programs see: names and contents. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Fails so many steps from now. 'power': that step and all after it. 'full': that step alone, with the error code ENOSPC, after a part of what it writes. */
  failAfter(steps: number, failure: UnreliableFailure): void
  /** Forgets a failure that is still to come. */
  heal(): void
  /** Goes on after the power was cut, now if it was not yet. What was not synced is there, or in part, or not. */
  restart(): void
  /** Puts a file in place, or with undefined takes it away, durably: for tests that damage files. */
  put(name: string, bytes: Uint8Array | undefined): void
}

interface Inode {
  durable: Uint8Array
  visible: Uint8Array
}

const sector = 64

/**
 * Makes a directory that loses what was not synced.
 * @param random gives numbers from 0 to below 1: the same ones, the same failures
 */
export function createUnreliableDirectory(random: () => number): UnreliableDirectory {
  return new SimulatedDirectory(random)
}

class SimulatedDirectory implements UnreliableDirectory {
  readonly #random: () => number
  readonly #visible = new Map<string, Inode>()
  /** What each name meant since it was last durable, the durable meaning first. */
  readonly #meanings = new Map<string, (Inode | undefined)[]>()
  steps = 0
  #failure: { readonly at: number; readonly kind: UnreliableFailure } | undefined
  #isOff = false
  /** Files that were opened before a power cut are dead after it. */
  #power = 0

  constructor(random: () => number) {
    this.#random = random
  }

  get files(): ReadonlyMap<string, Uint8Array> {
    return new Map(Array.from(this.#visible, ([name, { visible }]) => [name, visible]))
  }

  failAfter(steps: number, kind: UnreliableFailure): void {
    this.#failure = { at: this.steps + steps, kind }
  }

  heal(): void {
    this.#failure = undefined
  }

  put(name: string, bytes: Uint8Array | undefined): void {
    const inode = bytes && { durable: bytes, visible: bytes }
    this.#meanings.set(name, [inode])
    this.#show(name, inode)
  }

  restart(): void {
    for (const [name, meanings] of this.#meanings) {
      const kept = meanings[Math.floor(this.#random() * meanings.length)]
      this.#meanings.set(name, [kept])
      this.#show(name, kept)
    }
    for (const inode of this.#visible.values()) {
      inode.visible = this.#torn(inode)
      inode.durable = inode.visible
    }
    this.#failure = undefined
    this.#isOff = false
    this.#power++
  }

  async list(): Promise<string[]> {
    this.#checkPower()
    return [...this.#visible.keys()]
  }

  async open(name: string): Promise<UnreliableFile | undefined> {
    this.#checkPower()
    const inode = this.#visible.get(name)
    return inode && this.#file(inode)
  }

  async write(name: string, parts: Iterable<Uint8Array>): Promise<void> {
    const inode: Inode = { durable: new Uint8Array(0), visible: new Uint8Array(0) }
    this.#step(true)
    this.#mean(name, inode)
    for (const part of parts) await this.#append(inode, part)
    this.#step(true)
    inode.durable = inode.visible
  }

  async replace(name: string, parts: Iterable<Uint8Array>): Promise<void> {
    const draft = `${name}.tmp`
    await this.write(draft, parts)
    this.#step(true)
    this.#mean(name, this.#visible.get(draft))
    this.#mean(draft, undefined)
    await this.sync()
  }

  async remove(name: string): Promise<void> {
    if (!this.#visible.has(name)) return
    this.#step(false)
    this.#mean(name, undefined)
  }

  async sync(): Promise<void> {
    await Promise.resolve()
    this.#step(false)
    for (const [name, meanings] of this.#meanings) this.#meanings.set(name, meanings.slice(-1))
  }

  #file(inode: Inode): UnreliableFile {
    const power = this.#power
    const check = () => {
      this.#checkPower()
      if (power !== this.#power) throw new Error('the file was opened before the power was cut')
    }
    return {
      size: async () => {
        check()
        return inode.visible.length
      },
      read: async (offset, length) => {
        check()
        return inode.visible.slice(offset, offset + length)
      },
      append: async (bytes) => {
        check()
        await this.#append(inode, bytes)
      },
      sync: async () => {
        check()
        await Promise.resolve()
        this.#step(true)
        inode.durable = inode.visible
      },
      truncate: async (size) => {
        check()
        this.#step(false)
        inode.visible = inode.visible.slice(0, size)
        this.#step(false)
        inode.durable = inode.visible
      },
      close: async () => {},
    }
  }

  async #append(inode: Inode, bytes: Uint8Array): Promise<void> {
    await Promise.resolve()
    const isFull = this.#count(true) === 'full'
    const fits = isFull ? Math.floor(this.#random() * bytes.length) : bytes.length
    inode.visible = joined(inode.visible, bytes.subarray(0, fits))
    if (isFull) throw full()
  }

  /** Any sector that changed may be old or new, in any combination, and the file of any length between. */
  #torn({ durable, visible }: Inode): Uint8Array {
    if (durable === visible) return visible
    const shorter = Math.min(durable.length, visible.length)
    const length = shorter + Math.floor(this.#random() * (Math.max(durable.length, visible.length) - shorter + 1))
    const bytes = new Uint8Array(length)
    const keepsAll = this.#random() < 0.3
    for (let at = 0; at < length; at += sector) {
      const from = keepsAll || this.#random() < 0.5 ? visible : durable
      bytes.set(from.subarray(at, Math.min(at + sector, length)), at)
    }
    return bytes
  }

  #mean(name: string, inode: Inode | undefined): void {
    const before = this.#meanings.get(name) ?? [undefined]
    this.#meanings.set(name, [...before, inode])
    this.#show(name, inode)
  }

  #show(name: string, inode: Inode | undefined): void {
    if (inode) this.#visible.set(name, inode)
    else this.#visible.delete(name)
  }

  #checkPower(): void {
    if (this.#isOff) throw new Error('the power was cut')
  }

  /** A step that fails as a whole. */
  #step(needsRoom: boolean): void {
    if (this.#count(needsRoom) === 'full') throw full()
  }

  #count(needsRoom: boolean): 'full' | undefined {
    this.#checkPower()
    const failure = this.#failure
    if (this.steps++ < (failure?.at ?? Number.POSITIVE_INFINITY)) return undefined
    if (failure?.kind === 'full' && !needsRoom) return undefined
    this.#failure = undefined
    if (failure?.kind === 'full') return 'full'
    this.#isOff = true
    this.#checkPower()
    return undefined
  }
}

function full(): Error {
  return Object.assign(new Error('no space is left on the disk'), { code: 'ENOSPC' })
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length)
  bytes.set(a)
  bytes.set(b, a.length)
  return bytes
}
