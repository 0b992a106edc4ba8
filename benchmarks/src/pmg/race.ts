import { performance } from 'node:perf_hooks'
import { interleave } from '../harness'

/** Does its work some times over; returns the milliseconds that once took. */
export type Contestant = () => number | Promise<number>

/** Milliseconds a contestant gets each round, about. */
const turn = 30

/** Times contestants in turn, and returns the milliseconds of each round by name. */
export async function race<Name extends string>(
  contestants: Readonly<Record<Name, Contestant>>,
  rounds: number,
): Promise<Record<Name, number[]>> {
  const own = {} as Record<Name, number[]>
  const entries = Object.entries<Contestant>(contestants) as [Name, Contestant][]
  for (const [name] of entries) own[name] = []
  await interleave(
    Object.fromEntries(entries.map(([name, run]) => [name, async () => own[name].push(await run())])),
    rounds,
  )
  for (const [name] of entries) own[name] = own[name].slice(1)
  return own
}

/** A contestant that does something, which takes about `milliseconds`, as often as fits its turn. */
export function timed(milliseconds: number, work: (turn: number) => unknown): Contestant {
  const times = timesPerTurn(milliseconds)
  return () => {
    const start = performance.now()
    for (let i = 0; i < times; i++) work(i)
    return (performance.now() - start) / times
  }
}

/** How often something that takes about `milliseconds` fits a turn; once at least. */
export function timesPerTurn(milliseconds: number): number {
  return Math.max(1, Math.round(turn / milliseconds))
}
