import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { driveUsers } from '../src/periods/period-users'
import { tableFive } from '../src/periods/table-five'

const shared = process.env.PERSTREAM_SHARED ?? join(import.meta.dirname, '../../../../shared')
const file = join(shared, 'reference/vectors.json')

/** What the prototype is given in vector L5, told by our cells. */
const statistics = ['Reductions triggered: 1', 'Final PMG size: 20 nodes, 10 edges', 'Final RAM usage: 6.20 GB']
const cells = [0.5, 0.25].map((accuracy, i) => `A↑:${accuracy.toFixed(2)} S↑:${[2.5, 1.255][i]!.toFixed(2)}`)
const periods = cells.map((cell) => [cell, cell, cell])
const lines = tableFive({
  config: [
    'Device RAM (R): 7.0 GB',
    "Estimated R': 0.50 GB",
    "Reduction triggered when: R - R_cur < R' (i.e., 7.0 - R_cur < 0.50)",
  ],
  columns: ['w/o Reduction', 'w/ NSBG', 'w/ GSBN'],
  users: [{ user: '5', periods, statistics: [statistics, statistics, statistics] }],
  average: periods,
})

describe('tableFive', () => {
  it('has a line a period, in columns of 10 and 25', () => {
    const found = lines.filter((line) => line.startsWith('2 '))
    expect(found).toHaveLength(2)
    expect(found[0]).toBe(
      '2          | A↑:0.25 S↑:1.25           | A↑:0.25 S↑:1.25           | A↑:0.25 S↑:1.25          ',
    )
  })

  it.skipIf(!existsSync(file))(
    `is laid out as the prototype lays it out, to the letter (L5)${existsSync(file) ? '' : ' (skipped: no shared material)'}`,
    () => {
      const { vectors } = JSON.parse(readFileSync(file, 'utf8'))
      const { expected } = vectors.find(({ id }: { id: string }) => id === 'L5-table5')
      expect(lines).toEqual(expected.lines)
    },
  )
})

describe('driveUsers', () => {
  it('stores the memories of each period in that period, each once, rows in the order of video and time', () => {
    const row = (video_id: string, timestamp: string, memory: string) => ({
      ...{ participant_id: 3, video_id, timestamp, type: 'passive', question: `${memory}?` },
      ...{ type_1_memories: [memory], reference: ['(M1.1)'] },
    })
    const rows = [row('b', '1', 'fifth'), row('a', '100.5', 'third'), row('a', '20', 'first'), row('a', '30', 'first')]
    const [user] = driveUsers(rows, 4)
    expect(user!.periods.map(({ memories }) => memories.map(({ text }) => text))).toEqual([
      ['first'],
      [],
      ['third'],
      ['fifth'],
    ])
    expect(user!.periods.map(({ questions }) => questions.length)).toEqual([1, 1, 1, 1])
  })
})
