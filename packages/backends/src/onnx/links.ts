import type { HostLink } from './platform'

/** How long a thread stays after its last session, in milliseconds: the next model is often opened soon. */
const idle = 10_000

interface Entry {
  readonly link: Promise<HostLink>
  users: number
  timer: ReturnType<typeof setTimeout> | undefined
}

/** Keeps one host a device, starts it on first use and ends it when nobody uses it. */
export class HostLinks {
  readonly #entries = new Map<string, Entry>()

  /** Takes the host of a key; whoever takes it calls `done` once. @throws what `connect` throws */
  async take(key: string, connect: () => Promise<HostLink>): Promise<{ link: HostLink; done: () => void }> {
    const entry = this.#entries.get(key) ?? this.#start(key, connect)
    entry.users++
    clearTimeout(entry.timer)
    const done = () => {
      entry.users--
      if (entry.users === 0) this.#endSoon(key, entry)
    }
    try {
      return { link: await entry.link, done }
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
      throw error
    }
  }

  #start(key: string, connect: () => Promise<HostLink>): Entry {
    const entry: Entry = { link: connect(), users: 0, timer: undefined }
    this.#entries.set(key, entry)
    const forget = () => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
    }
    entry.link.then((link) => link.onLost(forget), forget)
    return entry
  }

  #endSoon(key: string, entry: Entry): void {
    const timer = setTimeout(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
      void entry.link.then((link) => link.stop())
    }, idle)
    entry.timer = timer
    if (typeof timer === 'object') timer.unref()
  }
}
