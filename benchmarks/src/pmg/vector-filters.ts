import { createRandom } from '@perstream/kit'
import { SlotSet, type VectorIndex } from '@perstream/pmg/vectors'
import { type Figure, median, ratio } from '../harness'
import type { CompiledPeer, CPeer } from './c-peer'
import { type Contestant, race, timed, timesPerTurn } from './race'

const shares = [0.001, 0.01, 0.1, 0.5]

/** A part of the rows that may be found. */
interface Filter {
  readonly name: string
  readonly share: number
  readonly allowed: SlotSet
  /** Drawn at random, one by one. */
  readonly isScattered: boolean
}

/**
 * Measures what a search costs when only a share of the rows is allowed, against that share of a search without filter, and,
 * for rows that lie apart, against a C program that reads the codes of as many: reading them here and there costs more by itself.
 */
export async function filterFigures(
  title: string,
  index: VectorIndex,
  queries: readonly Float32Array[],
  rounds: number,
  compiled: CompiledPeer | undefined,
): Promise<Figure[]> {
  const filters = makeFilters(index.count)
  const milliseconds = (index.count * index.dimensions) / 1e7
  const search = (share: number, allowed?: SlotSet) =>
    timed(milliseconds * share, (i) => index.search(queries[i % queries.length]!, { limit: 5, allowed }))
  const contestants: Record<string, Contestant> = { all: search(1) }
  for (const { name, share, allowed } of filters) contestants[name] = search(share, allowed)
  const peer = compiled?.start(index.count, Math.ceil(index.dimensions / 16) * 16)
  if (peer) {
    contestants['C: all'] = searchInC(peer, milliseconds, 1)
    for (const { name, share } of filters.filter(({ isScattered }) => isScattered))
      contestants[`C: ${name}`] = searchInC(peer, milliseconds, share)
  }
  const times = await race(contestants, rounds)
  peer?.close()
  return filters.flatMap((filter) => figuresOf(title, filter, filter.allowed.count / index.count, times))
}

function makeFilters(size: number): Filter[] {
  const random = createRandom(9)
  return shares.flatMap((share): Filter[] => {
    const percent = `${share * 100} %`
    return [
      {
        ...{ name: `${percent} here and there`, share, isScattered: true },
        allowed: slots(size, () => random.next() < share),
      },
      {
        ...{ name: `${percent} in one piece`, share, isScattered: false },
        allowed: slots(size, (slot) => slot < share * size),
      },
    ]
  })
}

function searchInC(peer: CPeer, milliseconds: number, share: number): Contestant {
  const searches = timesPerTurn(milliseconds * share)
  return async () => (await peer.measure(searches, Math.round(share * 1e6))) / searches
}

function figuresOf(
  title: string,
  { name, share }: Filter,
  left: number,
  times: Readonly<Record<string, number[]>>,
): Figure[] {
  const [own, inC] = [times[name]!, times[`C: ${name}`]]
  const ofShare = (some: readonly number[], all: readonly number[], part: number) =>
    median(some.map((time, round) => time / all[round]! / part))
  const figure = { unit: 'x', better: 'lower' } as const
  const figures: Figure[] = [
    {
      ...{ ...figure, name: `${title}: ${name}`, value: ofShare(own, times.all!, left) },
      ...{ goal: 1, peer: 'that share of a search of all' },
    },
  ]
  if (inC)
    figures.push(
      { ...figure, name: `${title}: ${name}`, value: ratio(own, inC), peer: 'C, the same codes' },
      {
        ...{ ...figure, name: `${title}: C, ${name}`, value: ofShare(inC, times['C: all']!, share) },
        peer: 'that share of C reading all codes',
      },
    )
  return figures
}

function slots(size: number, allows: (slot: number) => boolean): SlotSet {
  const set = new SlotSet()
  for (let slot = 0; slot < size; slot++) if (allows(slot)) set.add(slot)
  return set
}
