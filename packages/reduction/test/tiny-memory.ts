import { type Governor, PerStreamError, type Reducible, type ReductionPlanner } from '@perstream/spec'
import { bytesAs, createPartTable, granularities, type Part, type PartOwner, precisions } from '../src/index'

/** A memory that is nothing but its parts, and a few bytes for each that stay. */
export class TinyMemory implements Reducible {
  #owners: readonly PartOwner[]
  #governor: Governor | undefined

  constructor(
    owners: readonly PartOwner[],
    readonly fixedBytes = 0,
  ) {
    this.#owners = owners
  }

  get bytes(): number {
    const kept = new Map<unknown, number>()
    for (const { parts } of this.#owners)
      for (const part of parts) kept.set(part.shared ?? part, Math.min(part.bytes, kept.get(part.shared) ?? part.bytes))
    return this.fixedBytes * this.#owners.length + [...kept.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  parts() {
    return createPartTable(this.#withParts())
  }

  async add(owner: PartOwner): Promise<void> {
    const before = this.#owners
    const { bytes } = this
    this.#owners = [...before, owner]
    const { budget, plan } = this.#governor ?? {}
    if (budget === undefined || this.bytes <= budget) return
    this.#take(plan!, this.bytes - budget)
    if (this.bytes <= budget || this.bytes <= bytes) return
    this.#owners = before
    throw new PerStreamError('budget-exceeded', `too much for ${budget} bytes`)
  }

  async reduce(target: number, plan: ReductionPlanner): Promise<void> {
    if (!(target >= 0)) throw new TypeError(`target is ${target}: it must be a number of bytes, 0 or more`)
    const excess = this.bytes - target
    if (excess > 0) this.#take(plan, excess)
  }

  govern(governor: Governor | undefined): void {
    if (governor && !(governor.budget > 0)) throw new TypeError(`governor.budget is ${governor.budget}`)
    this.#governor = governor
  }

  #withParts(): PartOwner[] {
    return this.#owners.filter(({ parts }) => parts.length > 0)
  }

  #take(plan: ReductionPlanner, excess: number): void {
    const table = this.parts()
    const rows = this.#withParts().flatMap(({ parts }) => inOrder(parts))
    const gone = new Set<Part>()
    const changed = new Map<unknown, Pick<Part, 'bytes' | 'precision'>>()
    for (const { part, to } of plan(table, excess)) {
      const row = rows[part]
      if (!row || !['f16', 'i8', 'b1', 'gone'].includes(to)) throw new TypeError(`no step: ${part} to ${to}`)
      if (to === 'gone') gone.add(row)
      else {
        const known = changed.get(row.shared ?? row)?.precision
        if (known && precisions.indexOf(known) >= precisions.indexOf(to)) continue
        changed.set(row.shared ?? row, { bytes: bytesAs(table, part, to), precision: to })
      }
    }
    this.#owners = this.#owners.map((owner) => ({
      ...owner,
      parts: owner.parts
        .filter((part) => !gone.has(part))
        .map((part) => ({ ...part, ...changed.get(part.shared ?? part) })),
    }))
  }
}

function inOrder(parts: readonly Part[]): Part[] {
  return [...parts].sort((a, b) => granularities.indexOf(a.granularity) - granularities.indexOf(b.granularity))
}
