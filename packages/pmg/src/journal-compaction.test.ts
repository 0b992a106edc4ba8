import type { MemoryOperation } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { countReductions, isMergeDue } from './journal-compaction'
import type { StoreState } from './journal-manifest'

const mebibyte = 1 << 20

/** A store with memories in one part and relations in another. */
function state(memoryBytes: number, memories: number, otherBytes = 0): StoreState {
  const part = { file: 'part-0000000000000001.pmg', plain: 0, crc: 0 }
  return {
    ...{ sequence: 1, at: 1, next: 3, journal: 'journal-0000000000000002.pmg' },
    parts: [
      { ...part, type: 'relation-put', operations: 5, bytes: otherBytes },
      { ...part, type: 'memory-put', operations: memories, bytes: memoryBytes },
    ],
  }
}

/** The bytes of journal from which on a merge is due. */
function limit(of: StoreState, { reduced = 0, option }: { reduced?: number; option?: number } = {}): number {
  let [low, high] = [0, 1 << 30]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (isMergeDue(of, { journalSize: middle, reduced }, option)) high = middle
    else low = middle + 1
  }
  return low - 1
}

describe('a merge is due', () => {
  it('at half of the parts, from 1 MiB to 16 MiB', () => {
    expect(limit(state(0, 0))).toBe(mebibyte)
    expect(limit(state(mebibyte, 1000))).toBe(mebibyte)
    expect(limit(state(6 * mebibyte, 1000, 4 * mebibyte))).toBe(5 * mebibyte)
    expect(limit(state(1000 * mebibyte, 1000))).toBe(16 * mebibyte)
  })

  it('when what was reduced is half of what is left', () => {
    const large = state(300 * mebibyte, 300)
    expect(isMergeDue(large, { journalSize: 0, reduced: 100 }, undefined)).toBe(false)
    expect(isMergeDue(large, { journalSize: 0, reduced: 101 }, undefined)).toBe(true)
    expect(limit(state(30 * mebibyte, 30), { reduced: 6 })).toBe(6 * mebibyte)
    expect(isMergeDue(state(mebibyte / 2, 10), { journalSize: 1000, reduced: 9 }, undefined)).toBe(false)
    expect(isMergeDue(state(0, 0), { journalSize: 1000, reduced: 9 }, undefined)).toBe(false)
  })

  it('at exactly what it is told, if it is', () => {
    expect(limit(state(100 * mebibyte, 10), { reduced: 10, option: 5 })).toBe(5)
  })
})

it('counts what is reduced in the files of the store', () => {
  const step = { type: 'memory-reduce', ids: ['a', 'b'], to: 'gone', at: 1 } as const
  const parts = ['embedding', 'text', 'meanGrid', 'nearestGrid'] as const
  const steps = parts.map((part): MemoryOperation => ({ ...step, part }))
  expect(countReductions([...steps, { type: 'memory-delete', id: 'a' }])).toBe(4)
})
