import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteArena } from './byte-arena'
import { HashIndex } from './hash-index'
import { IdTable } from './id-table'
import { NumberLists } from './number-lists'
import { SectionReader, SectionWriter } from './sections'
import { SlotGroups } from './slot-groups'

interface Kept {
  save(writer: SectionWriter, name: string, count: number): void
  restore(reader: SectionReader, name: string): void
}

/** What comes back from an index. */
function kept<Table extends Kept>(table: Table, empty: Table, count = 0): Table {
  const writer = new SectionWriter()
  table.save(writer, 'x', count)
  const sections = new Map(Array.from(writer.sections, ([name, bytes]) => [name, bytes.slice()]))
  empty.restore(new SectionReader(sections), 'x')
  return empty
}

describe('NumberLists', () => {
  it('are ascending lists, each number once, through growth, deletions and saving', () => {
    const change = fc.record({ list: fc.nat(5), from: fc.nat(3000), count: fc.nat(600), adds: fc.boolean() })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), fc.nat(30), (changes, savedAt) => {
        let lists = new NumberLists()
        const plain = new Map<number, Set<number>>()
        for (const [i, { list, from, count, adds }] of changes.entries()) {
          if (i === savedAt) lists = kept(lists, new NumberLists(), 6)
          const set = plain.get(list) ?? new Set<number>()
          plain.set(list, set)
          for (let value = from; value < from + count; value++) {
            if (adds) expect(lists.add(list, value)).toBe(!set.has(value))
            else expect(lists.delete(list, value)).toBe(set.has(value))
            if (adds) set.add(value)
            else set.delete(value)
          }
          for (let each = 0; each < 6; each++)
            expect([...lists.get(each)]).toEqual([...(plain.get(each) ?? [])].sort((a, b) => a - b))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('keep the largest number, and delete the first of a range', () => {
    const lists = new NumberLists()
    for (const value of [4294967295, 512, 0]) lists.add(3, value)
    expect(lists.delete(3, 1, 512)).toBe(false)
    expect(lists.delete(3, 1, 513)).toBe(true)
    expect([...lists.get(3)]).toEqual([0, 4294967295])
  })
})

describe('HashIndex', () => {
  it('gives what was added under a hash, through collisions, deletions and saving', () => {
    const change = fc.record({ hash: fc.oneof(fc.nat(3), fc.constantFrom(2 ** 32 - 1, 2 ** 31)), value: fc.nat(200) })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 120 }), fc.nat(120), (changes, savedAt) => {
        let index = new HashIndex()
        const plain = new Map<number, Set<number>>()
        for (const [i, { hash, value }] of changes.entries()) {
          if (i === savedAt) index = kept(index, new HashIndex())
          const set = plain.get(hash) ?? new Set<number>()
          plain.set(hash, set)
          if (set.delete(value)) index.delete(hash, value)
          else {
            set.add(value)
            index.add(hash, value)
          }
          for (const [each, values] of plain) expect(index.get(each)).toEqual([...values].sort((a, b) => a - b))
          expect(index.size).toBe([...plain.values()].reduce((sum, values) => sum + values.size, 0))
        }
        expect([...index.shared()].sort()).toEqual(
          [...plain].flatMap(([hash, { size }]) => (size > 1 ? [hash] : [])).sort(),
        )
      }),
    )
  })
})

describe('ByteArena', () => {
  const marker = 255

  it('gives back what was put, however long, and no byte of what was deleted', () => {
    const change = fc.record({
      number: fc.nat(9),
      length: fc.oneof(fc.nat(300), fc.constantFrom(127, 128, 900_000, 1_300_000)),
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 25 }), fc.nat(25), (changes, savedAt) => {
        let arena = new ByteArena()
        const plain = new Map<number, Uint8Array>()
        for (const [i, { number, length }] of changes.entries()) {
          if (i === savedAt) arena = kept(arena, new ByteArena(), 10)
          const bytes = new Uint8Array(length).fill(i + 1)
          if (length > 0) bytes[length >> 1] = marker
          const known = plain.get(number)
          if (length % 5 === 4 && known) {
            const ending = bytes.subarray(0, length % 200)
            const kept = known.indexOf(marker) + 1
            arena.replaceAfter(number, marker, ending)
            plain.set(number, Uint8Array.from(Buffer.concat([known.subarray(0, kept), ending])))
          } else if (length % 3 === 0) {
            arena.delete(number)
            plain.delete(number)
          } else {
            arena.put(number, bytes)
            plain.set(number, bytes)
          }
          for (let each = 0; each < 10; each++) {
            const found = arena.get(each)
            const wanted = plain.get(each)
            expect(found === undefined ? undefined : Buffer.compare(found, wanted!)).toBe(wanted && 0)
          }
        }
        const writer = new SectionWriter()
        arena.save(writer, 'x', 10)
        const used = new Set(Array.from(plain.values(), (bytes) => [...new Set(bytes)]).flat())
        const found = Buffer.from(writer.sections.get('x.bytes')!)
        for (let i = 1; i <= changes.length; i++)
          if (!used.has(i)) expect(found.includes(Buffer.alloc(64, i))).toBe(false)
      }),
      { numRuns: 40 },
    )
  })
})

describe('IdTable', () => {
  it('numbers UUIDs and other ids, also those of one hash', () => {
    const id = fc.oneof(
      fc.uuid(),
      fc.uuid().map((text) => text.toUpperCase()),
      fc.constantFrom('', 'a', 'b', 'Straße'),
    )
    fc.assert(
      fc.property(fc.array(id, { maxLength: 60 }), fc.nat(60), (ids, savedAt) => {
        const hash = (text: string) => text.length % 3
        let table = new IdTable(hash)
        const plain = new Map<string, number>()
        for (const [i, each] of ids.entries()) {
          if (i === savedAt) table = kept(table, new IdTable(hash))
          const known = plain.get(each)
          expect(table.numberOf(each)).toBe(known)
          if (known === undefined) plain.set(each, table.add(each))
          else if (i % 2) {
            table.delete(known)
            plain.delete(each)
          }
          for (const [text, number] of plain) expect([table.idOf(number), table.numberOf(text)]).toEqual([text, number])
          expect([...table.numbers()]).toEqual([...plain.values()].sort((a, b) => a - b))
          expect(table.size).toBe(plain.size)
        }
      }),
    )
  })
})

describe('SlotGroups', () => {
  it('are sets, small and large', () => {
    let groups = new SlotGroups()
    for (let slot = 0; slot < 5000; slot++) groups.add('large', slot * 2)
    groups.add('small', 7)
    groups.add('gone', 1)
    groups.delete('gone', 1)
    groups = kept(groups, new SlotGroups())
    groups.delete('large', 2)
    groups.add('small', 3)
    groups.add('new', 9)
    expect(new Map(groups.counts())).toEqual(
      new Map([
        ['large', 4999],
        ['small', 2],
        ['new', 1],
      ]),
    )
    expect([...groups.get('small')]).toEqual([3, 7])
    expect(groups.get('large').has(2)).toBe(false)
    expect(groups.get('large').has(9998)).toBe(true)
    expect([...groups.get('gone')]).toEqual([])
  })
})
