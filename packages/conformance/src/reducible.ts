import { createRandom } from '@perstream/kit'
import type { CoarserPrecision, PartTable, Reducible, ReductionPlanner, ReductionStep } from '@perstream/spec'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

/** Something under test that can be reduced, with some dozen memories of several parts. */
export interface ReducibleSubject {
  readonly reducible: Reducible
  /** Adds one more memory of several parts. */
  readonly grow: () => Promise<void>
  /** Opens what was written once more, after the first was disposed; absent where it does not outlive that. */
  readonly reopen?: (() => Promise<Reducible>) | undefined
  /** Removes what the test left behind. */
  readonly cleanUp?: (() => Promise<void>) | undefined
}

/** Registers the tests that every `Reducible` must pass. */
export function reducibleContract(name: string, open: () => Promise<ReducibleSubject>): void {
  describe(`Reducible contract: ${name}`, () => {
    const current = {} as Current
    beforeEach(async () => {
      current.subject = await open()
      current.reducible = current.subject.reducible
    })
    afterEach(async () => {
      await current.subject.cleanUp?.()
    })

    testTable(current)
    testSteps(current)
    testGovernor(current)
  })
}

/** What the test that runs works on. */
interface Current {
  subject: ReducibleSubject
  reducible: Reducible
}

function testTable(current: Current): void {
  it('lists parts memory by memory, fine to coarse, with what all count for', () => {
    const table = current.reducible.parts()
    expect(table.length).toBeGreaterThan(12)
    for (let part = 1; part < table.length; part++) {
      const step = table.owner[part]! - table.owner[part - 1]!
      expect([0, 1]).toContain(step)
      if (step === 0) expect(table.granularity[part]!).toBeGreaterThan(table.granularity[part - 1]!)
    }
    for (const column of [table.heat, table.bytes]) expect(Math.min(...column)).toBeGreaterThan(0)
    expect(current.reducible.bytes).toBeGreaterThanOrEqual(bytesOf(table))
  })
}

function testSteps(current: Current): void {
  it('takes what it is told and nothing else, and counts what that frees', async () => {
    const fixed = current.reducible.bytes - bytesOf(current.reducible.parts())
    for (let seed = 1; seed < 12; seed++) {
      const before = current.reducible.parts()
      const bytesBefore = current.reducible.bytes
      const steps = randomSteps(before, seed)
      const asked: number[] = []
      await current.reducible.reduce(bytesBefore - 1, (table, excess) => {
        asked.push(excess)
        expect(rowsOf(table)).toEqual(rowsOf(before))
        return steps
      })
      expect(asked).toEqual([1])
      const left = withoutSteps(before, steps)
      expect(rowsOf(current.reducible.parts())).toEqual(left.rows)
      expect(current.reducible.bytes).toBe(fixed + left.bytes)
    }
  })

  it('asks for nothing when there are no more bytes already', async () => {
    const never: ReductionPlanner = () => {
      throw new Error('asked')
    }
    const { bytes } = current.reducible
    for (const target of [bytes, bytes + 1, Number.POSITIVE_INFINITY]) await current.reducible.reduce(target, never)
    expect(current.reducible.bytes).toBe(bytes)
  })

  it('can lose everything, once', async () => {
    await current.reducible.reduce(0, everything)
    const { bytes } = current.reducible
    expect(current.reducible.parts().length).toBe(0)
    await current.reducible.reduce(0, everything)
    expect(current.reducible.bytes).toBe(bytes)
  })

  it('refuses what is no number of bytes, and parts that are not there, and stays as it is', async () => {
    const { bytes } = current.reducible
    for (const target of [-1, Number.NaN])
      await expect(current.reducible.reduce(target, everything)).rejects.toThrow(/target is/)
    for (const step of [
      { part: -1, to: 'gone' },
      { part: 1e6, to: 'gone' },
      { part: 0.5, to: 'gone' },
      { part: 0, to: 'f32' },
    ])
      await expect(current.reducible.reduce(0, () => [step as ReductionStep])).rejects.toThrow(TypeError)
    expect(current.reducible.bytes).toBe(bytes)
  })

  it('stays reduced', async () => {
    if (!current.subject.reopen) return
    await current.reducible.reduce(0, (table) => randomSteps(table, 5))
    const { bytes } = current.reducible
    const rows = rowsOf(current.reducible.parts())
    const reopened = await current.subject.reopen()
    expect(reopened.bytes).toBe(bytes)
    expect(rowsOf(reopened.parts())).toEqual(rows)
  })
}

function testGovernor(current: Current): void {
  it('never holds more than a governor allows', async () => {
    const budget = current.reducible.bytes
    let asked = 0
    current.reducible.govern({
      budget,
      plan(table, excess) {
        expect(excess).toBe(current.reducible.bytes - budget)
        asked++
        return [...everything(table, excess)].slice(0, Math.ceil(table.length / 2))
      },
    })
    for (let i = 0; i < 5; i++) {
      await current.subject.grow()
      expect(current.reducible.bytes).toBeLessThanOrEqual(budget)
    }
    expect(asked).toBeGreaterThan(0)
    current.reducible.govern(undefined)
    for (let i = 0; i < 40 && current.reducible.bytes <= budget; i++) await current.subject.grow()
    expect(current.reducible.bytes).toBeGreaterThan(budget)
  })

  it('refuses a write that is too much even so, and stays as it is', async () => {
    const { bytes } = current.reducible
    const rows = rowsOf(current.reducible.parts())
    current.reducible.govern({ budget: bytes, plan: () => [] })
    await expect(current.subject.grow()).rejects.toMatchObject({ code: 'budget-exceeded' })
    expect([current.reducible.bytes, rowsOf(current.reducible.parts())]).toEqual([bytes, rows])
    current.reducible.govern(undefined)
    await current.subject.grow()
    expect(current.reducible.bytes).toBeGreaterThan(bytes)
  })

  it('refuses a budget that is none', () => {
    for (const budget of [0, -1, Number.NaN])
      expect(() => current.reducible.govern({ budget, plan: () => [] })).toThrow(/budget is/)
  })
}

const everything: ReductionPlanner = ({ length }) =>
  Array.from({ length }, (_, part) => ({ part, to: 'gone' as const }))

const precisions = ['f32', 'f16', 'i8', 'b1'] as const

/** Some parts gone, some kept less exactly, each once. */
function randomSteps(table: PartTable, seed: number): ReductionStep[] {
  const random = createRandom(seed)
  const steps: ReductionStep[] = []
  for (let part = 0; part < table.length; part++) {
    const die = random.integer(0, 19)
    if (die < 2) steps.push({ part, to: 'gone' })
    else if (die < 6 && table.values[part]! > 0) {
      const to = random.pick(precisions.slice(1)) as CoarserPrecision
      if (precisions.indexOf(to) >= table.precision[part]!) steps.push({ part, to })
    }
  }
  return steps.length > 0 ? steps : [{ part: 0, to: 'gone' }]
}

/** A table as rows that say all but the numbers of owners and of what is shared. */
function rowsOf(table: PartTable): string[] {
  return Array.from({ length: table.length }, (_, part) =>
    rowOf(table, part, table.bytes[part]!, table.precision[part]!),
  )
}

function rowOf(table: PartTable, part: number, bytes: number, precision: number): string {
  const { granularity, values, rows, heat, learnedAt, visitedAt } = table
  return [granularity, values, rows, learnedAt, visitedAt]
    .map((column) => column[part])
    .concat(bytes, precision, Number(heat[part]!.toFixed(6)))
    .join(' ')
}

/** What steps leave of a table, worked out part by part. */
function withoutSteps(table: PartTable, steps: readonly ReductionStep[]): { rows: string[]; bytes: number } {
  const gone = new Set(steps.filter(({ to }) => to === 'gone').map(({ part }) => part))
  const precisionOf = new Map<number, number>()
  for (const { part, to } of steps) {
    if (to === 'gone') continue
    const shared = table.shared[part]!
    precisionOf.set(shared, Math.max(precisionOf.get(shared) ?? 0, precisions.indexOf(to)))
  }
  const left = new Map<number, number>()
  const rows: string[] = []
  for (let part = 0; part < table.length; part++) {
    if (gone.has(part)) continue
    const shared = table.shared[part]!
    const precision = Math.max(table.precision[part]!, precisionOf.get(shared) ?? 0)
    const bytes = precision === table.precision[part] ? table.bytes[part]! : encodedBytes(table, part, precision)
    rows.push(rowOf(table, part, bytes, precision))
    left.set(shared, bytes)
  }
  return { rows, bytes: [...left.values()].reduce((sum, bytes) => sum + bytes, 0) }
}

function encodedBytes({ values, rows }: PartTable, part: number, precision: number): number {
  const [count, scales] = [values[part]!, 4 * rows[part]!]
  return [4 * count, 2 * count, count + scales, rows[part]! * Math.ceil(count / rows[part]! / 8) + scales][precision]!
}

function bytesOf(table: PartTable): number {
  return withoutSteps(table, []).bytes
}
