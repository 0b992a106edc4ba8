import { reducibleContract } from '@perstream/conformance'
import type { PartOwner } from '../src/index'
import { TinyMemory } from './tiny-memory'

const owner = (i: number): PartOwner => ({
  ...{ heat: 1 + (i % 5), learnedAt: i },
  parts: [
    { granularity: 'nearestGrid', bytes: 4 * 64, values: 64, rows: 4, ...(i % 2 && { shared: `g${i % 3}` }) },
    { granularity: 'embedding', bytes: 4 * 40, values: 40, rows: 1 },
    { granularity: 'text', bytes: 30 + i },
  ],
})

reducibleContract('tiny memory', async () => {
  const reducible = new TinyMemory(
    Array.from({ length: 12 }, (_, i) => owner(i)),
    20,
  )
  let next = 12
  return { reducible, grow: () => reducible.add(owner(next++)) }
})
