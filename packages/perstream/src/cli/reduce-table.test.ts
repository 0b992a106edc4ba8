import { createPartTable, demotionFirst, gsbn, nsbg, type PartOwner, reduceTo } from '@perstream/reduction'
import type { ReductionStrategy } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import type { CommandContext } from './context'
import { type Reduced, showDone, showPlan } from './reduce-table'

const owners: PartOwner[] = Array.from({ length: 8 }, (_, i) => ({
  ...{ id: `${i}e6bdeae0-1111`, heat: 1 + i, learnedAt: 0 },
  parts: [
    { granularity: 'meanGrid', bytes: 400_000, shared: `moment ${i >> 1}` },
    { granularity: 'embedding', bytes: 2048 },
    { granularity: 'text', bytes: 100 },
  ],
}))
const words = 'Dentist appointment\nTuesday 14 May, 15:30, second floor, ring twice, and bring the insurance card'

async function reduced(to: number, strategy: ReductionStrategy): Promise<Reduced> {
  const memory = {
    ...{ bytes: 1_617_184 + 8 * 64, parts: () => createPartTable(owners) },
    ...{ reduce: async () => {}, govern() {} },
  }
  const report = await reduceTo(memory, to, { strategy, dryRun: true })
  const examples = report.forgotten.slice(0, 5).map((id) => ({
    id,
    text: words,
    category: 'schedule',
    learnedAt: Date.UTC(2026, 10, 23),
    validFrom: Date.UTC(2026, 4, 17, 12),
  }))
  return {
    ...{ directory: 'memory', budget: to, strategy: 'gsbn', dryRun: true, report, examples },
    diskBefore: 2_000_000,
  }
}

const at = (columns: number) => ({ columns }) as CommandContext

describe('the table of what would go', () => {
  it('shows each granularity that there is, and what stays', async () => {
    expect(showPlan(await reduced(900_000, gsbn), at(80))).toBe(
      `memory: 1.6 MB live, 2.0 MB on disk. To 900.0 KB by gsbn:

                     parts      go    less exact   bytes now       after
  mean grids             8       4             0      1.6 MB    800.0 KB
  embeddings             8       0             0     16.4 KB     16.4 KB
  words                  8       0             0       800 B       800 B
  what stays                                           512 B       512 B
  in all                                              1.6 MB    817.7 KB

Every memory keeps its words.`,
    )
  })

  it('shows some of the memories that lose their words, cut to the terminal', async () => {
    const lines = showPlan(await reduced(300_000, nsbg), at(80)).split('\n')
    expect(lines.slice(-7)).toEqual([
      '7 memories lose their words, beginning with:',
      '  0e6bdeae  2026-05-17  schedule            Dentist appointment / Tuesday 14 Ma…',
      ...lines.slice(-5, -1),
      '  and 2 more',
    ])
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it('counts what is kept less exactly', async () => {
    const shown = showPlan(await reduced(500_000, demotionFirst), at(80))
    expect(shown).toMatch(/mean grids +8 +0 +8 +1\.6 MB +400\.0 KB/)
  })

  it('says when nothing has to go, and when nothing was changed', async () => {
    const enough = await reduced(2_000_000, gsbn)
    expect([showPlan(enough, at(80)), showDone(enough)]).toEqual([
      'memory: 1.6 MB live, 2.0 MB on disk',
      'That is not more than 2.0 MB: nothing has to go.',
    ])
    const planned = await reduced(900_000, gsbn)
    expect(showDone(planned)).toBe('\nNothing was changed (--dry-run).')
    expect(showDone({ ...planned, dryRun: false, diskAfter: 1_000_000 })).toBe(
      '\nDone: 1.6 MB to 817.7 KB live, 2.0 MB to 1.0 MB on disk.',
    )
  })
})
