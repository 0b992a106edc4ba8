import { createRandom } from '@perstream/kit'
import { SlotSet, type VectorIndex } from '@perstream/pmg/vectors'
import { type Figure, median } from '../harness'
import { race, timed } from './race'

const shares = [0.01, 0.1, 0.5]

/** Measures what a search costs when only a share of the rows is allowed, against that share of a search without filter. */
export async function filterFigures(
  title: string,
  index: VectorIndex,
  queries: readonly Float32Array[],
  rounds: number,
): Promise<Figure[]> {
  const random = createRandom(9)
  const size = index.count
  const filters = shares.flatMap((share) => [
    { name: `${share * 100} % here and there`, share, allowed: slots(size, () => random.next() < share) },
    { name: `${share * 100} % in one piece`, share, allowed: slots(size, (slot) => slot < share * size) },
  ])
  const milliseconds = (size * index.dimensions) / 1e7
  const search = (share: number, allowed?: SlotSet) =>
    timed(milliseconds * share, (i) => index.search(queries[i % queries.length]!, { limit: 5, allowed }))
  const times: Readonly<Record<string, number[]>> = await race(
    {
      all: search(1),
      ...Object.fromEntries(filters.map(({ name, share, allowed }) => [name, search(share, allowed)])),
    },
    rounds,
  )
  return filters.map(({ name, allowed }): Figure => {
    const left = allowed.count / size
    const value = median(times[name]!.map((time, round) => time / times.all![round]! / left))
    return {
      name: `${title}: ${name}`,
      value,
      unit: 'x',
      goal: 1,
      better: 'lower',
      peer: 'that share of a search of all',
    }
  })
}

function slots(size: number, allows: (slot: number) => boolean): SlotSet {
  const set = new SlotSet()
  for (let slot = 0; slot < size; slot++) if (allows(slot)) set.add(slot)
  return set
}
