import type { MemoryVisits } from '@perstream/spec'
import { grown } from './grown'
import type { SectionReader, SectionWriter } from './sections'

/** After so long without a visit, half of the heat is left: 30 days. */
const halfLife = 30 * 24 * 60 * 60 * 1000

/**
 * Says how warm a memory is: 1 for having been made and 1 for each visit, halved for every 30 days since the last of them.
 * What is asked for often stays warm long, what was never asked for cools from the day it came.
 *
 * @param now milliseconds since 1970 UTC
 * @returns more than 0; compare it between memories only
 */
export function heat({ visits, lastVisitedAt }: MemoryVisits, now: number): number {
  return (1 + visits) * 2 ** (-Math.max(0, now - lastVisitedAt) / halfLife)
}

/** Visits by slot: 12 bytes a memory. */
export class VisitTable {
  #counts: Uint32Array = new Uint32Array(64)
  #times: Float64Array = new Float64Array(64)

  get(slot: number): MemoryVisits {
    return { visits: this.#counts[slot] ?? 0, lastVisitedAt: this.#times[slot] ?? 0 }
  }

  set(slot: number, { visits, lastVisitedAt }: MemoryVisits): void {
    this.#counts = grown(this.#counts, slot + 1)
    this.#times = grown(this.#times, slot + 1)
    this.#counts[slot] = visits
    this.#times[slot] = lastVisitedAt
  }

  save(writer: SectionWriter, name: string): void {
    writer.numbers(`${name}.counts`, this.#counts)
    writer.numbers(`${name}.times`, this.#times)
  }

  restore(reader: SectionReader, name: string): void {
    this.#counts = reader.uint32(`${name}.counts`)
    this.#times = reader.float64(`${name}.times`)
  }
}
