import { collect } from '@perstream/kit'
import type { Memory, MemoryInput, MemoryStore, Triplet } from '@perstream/spec'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { entityKey } from './entity-key'
import { createMemoryGraph, createVolatileStore, type MemoryGraph } from './index'
import { readMemory } from './introductions'

const told = (text: string, ...triplets: string[]): Pick<MemoryInput, 'text' | 'triplets'> => ({
  text,
  triplets: triplets.map((words) => {
    const [subject, predicate, object] = words.split(' | ')
    return { subject, predicate, object } as Triplet
  }),
})

/** What is said of things: nobody has two names here, so that contradictions can be told the plain way. */
const values = ['tulip', 'orchid', '4711'].flatMap((value) => [
  told(`The password is ${value}`, `password | is | ${value}`),
  told(`I parked in ${value} street`, `I | parked in | ${value} street`),
  told(`I like ${value}`, `I | like | ${value}`),
  told(`I don't like ${value}`, `I | don't like | ${value}`),
])
const people = [
  told('My sister Anna sings', 'Anna | sings in | choir'),
  told('My sister Eva swims', 'Eva | swims in | lake'),
  told('My sister called', 'my sister | called | me'),
  told('Anna, everyone calls her Jo', 'Anna | likes | tea'),
  told('Jo likes snow', 'Jo | likes | snow'),
  told('Jo, short for Johanna', 'Jo | likes | rain'),
  told('Johanna Weber likes tea', 'Johanna Weber | likes | tea'),
  told('Johanna met Anna', 'Johanna | met | Anna', 'Anna | met | Johanna'),
  told('Johanna Klein called', 'Johanna Klein | called | me'),
  told('Tea is hot', 'tea | is | hot'),
]

const pick = fc.nat(12)
const window = fc.record({
  validFrom: fc.option(fc.constantFrom(10, 20), { nil: undefined }),
  validTo: fc.option(fc.constantFrom(20, 30), { nil: undefined }),
})

function steps(said: readonly Pick<MemoryInput, 'text' | 'triplets'>[]) {
  const input = fc
    .record({ words: fc.constantFrom(...said), window, owner: fc.constantFrom('me', 'me', 'me', 'Tom') })
    .map(({ words, window, owner }): MemoryInput => ({ ...words, ...window, owner, category: 'notes', origin: 'told' }))
  const each = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('create' as const), inputs: fc.array(input, { maxLength: 3 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('update' as const), pick, words: fc.constantFrom(...said) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), pick }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('supersede' as const), pick, other: pick }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restore' as const), pick }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('merge' as const), pick, other: pick }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('split' as const), pick, other: pick }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'import' as const }) },
  )
  return fc.array(each, { maxLength: 14 })
}
type Step = ReturnType<typeof steps> extends fc.Arbitrary<(infer Each)[]> ? Each : never

/** What the graph must say, kept the plain way. */
interface Oracle {
  text: string
  validTo: number | undefined
  /** The end it had before it was superseded. */
  endBefore: number | undefined
  successor: string | undefined
  said: string[]
}

class Session {
  store: MemoryStore = createVolatileStore()
  readonly oracle = new Map<string, Oracle>()
  #now = 1000

  constructor(public graph: MemoryGraph) {}

  static async open(): Promise<Session> {
    const session = new Session(undefined as never)
    await session.reopen()
    return session
  }

  async reopen(): Promise<void> {
    this.graph = await createMemoryGraph({ store: this.store, now: () => ++this.#now })
  }

  async take(step: Step): Promise<void> {
    const ids = [...this.oracle.keys()]
    const id = 'pick' in step ? ids[step.pick] : undefined
    const other = 'other' in step ? ids[step.other] : undefined
    if (step.kind === 'create') await this.#create(step.inputs)
    if (step.kind === 'reopen') await this.reopen()
    if (step.kind === 'import') await this.#moveOver()
    if (step.kind === 'update' && id) await this.#update(id, step.words)
    if (step.kind === 'delete' && id) await this.#delete(id)
    if (step.kind === 'supersede' && id && other) await this.#supersede(id, other)
    if (step.kind === 'restore' && id) await this.#restore(id)
    if (step.kind === 'merge') await this.#merge(step.pick, step.other)
    if (step.kind === 'split') await this.#split(step.pick, step.other)
  }

  async #create(inputs: readonly MemoryInput[]): Promise<void> {
    for (const [i, { id, outcome }] of (await this.graph.create(inputs)).entries()) {
      const { text } = inputs[i]!
      expect(outcome).toBe(this.oracle.has(id) ? 'extended' : 'created')
      const { validTo } = this.graph.get(id)!
      if (outcome === 'created')
        this.oracle.set(id, { text, validTo, endBefore: validTo, successor: undefined, said: [] })
      else Object.assign(this.oracle.get(id)!, { validTo, endBefore: validTo })
    }
  }

  async #update(id: string, { text, triplets }: Pick<MemoryInput, 'text' | 'triplets'>): Promise<void> {
    await this.graph.update(id, { text, triplets })
    const known = this.oracle.get(id)!
    if (known.text !== text) known.said.push(known.text)
    known.text = text
  }

  async #delete(id: string): Promise<void> {
    await this.graph.delete([id])
    const { successor } = this.oracle.get(id)!
    for (const each of this.oracle.values()) if (each.successor === id) this.#point(each, successor)
    this.oracle.delete(id)
  }

  #point(each: Oracle, successor: string | undefined): void {
    each.successor = successor
    if (successor === undefined) each.validTo = each.endBefore
  }

  async #supersede(id: string, by: string): Promise<void> {
    const known = this.oracle.get(id)!
    let end: string | undefined = by
    while (end !== undefined && end !== id) end = this.oracle.get(end)!.successor
    const refused = end === id || (known.successor !== undefined && known.successor !== by)
    const attempt = this.graph.supersede(id, by)
    if (refused) return expect(attempt).rejects.toMatchObject({ code: 'input-invalid' })
    await attempt
    const { validFrom = Number.NEGATIVE_INFINITY } = this.graph.get(id)!
    const begin = this.graph.get(by)!
    known.validTo ??= Math.max(validFrom, begin.validFrom ?? begin.learnedAt)
    known.successor = by
  }

  async #restore(id: string): Promise<void> {
    await this.graph.restore(id)
    this.#point(this.oracle.get(id)!, undefined)
  }

  async #merge(pick: number, other: number): Promise<void> {
    const [a, b] = [this.graph.entities()[pick], this.graph.entities()[other]]
    if (!a || !b || a.owner !== b.owner || a.id === b.id || [a, b].every(({ kind }) => kind === 'owner')) return
    const merged = await this.graph.merge(a.id, b.id)
    expect(new Set(merged.memories)).toEqual(new Set([...a.memories, ...b.memories]))
  }

  async #split(pick: number, other: number): Promise<void> {
    const entity = this.graph.entities().filter(({ aliases }) => aliases.length > 0)[pick % 3]
    if (!entity) return
    const labels = entity.kind === 'owner' ? entity.aliases : [entity.label, ...entity.aliases]
    const label = labels[other % labels.length]!
    const split = await this.graph.split(entity.id, label)
    expect([split.label, ...split.aliases]).toContain(label)
  }

  /** Goes on in a copy made by export and import. */
  async #moveOver(): Promise<void> {
    const lines = await collect(this.graph.export())
    this.store = createVolatileStore()
    await this.reopen()
    await this.graph.import(lines)
  }
}

function check(session: Session): void {
  const { graph, oracle } = session
  const memories = new Map(graph.list().map((memory) => [memory.id, memory]))
  expect(new Set(memories.keys())).toEqual(new Set(oracle.keys()))
  for (const [id, { text, validTo, successor, said }] of oracle) {
    expect(memories.get(id)).toMatchObject({ text, validTo })
    expect(memories.get(id)!.supersededBy).toBe(successor)
    const own = graph.history(id).filter((entry) => entry.id === id)
    expect(own.map((entry) => entry.text)).toEqual([...said, text])
  }
  checkEntities(graph, [...memories.values()])
  for (const { id, conflicts = [] } of memories.values())
    for (const other of conflicts) expect(memories.get(other)!.conflicts).toContain(id)
}

/** Each label is one entity's; an entity has the memories that use its labels, no label that none uses, and reasons for each. */
function checkEntities(graph: MemoryGraph, memories: readonly Memory[]): void {
  const key = (owner: string, words: string) => (entityKey(words) === entityKey(owner) ? 'i' : entityKey(words))
  const users = new Map<string, Set<string>>()
  for (const memory of memories)
    for (const { subject, object } of readMemory(memory).claims)
      for (const words of [subject, object]) {
        const label = `${memory.owner} ${key(memory.owner, words)}`
        users.set(label, (users.get(label) ?? new Set()).add(memory.id))
      }
  const seen: string[] = []
  for (const { owner, label, aliases, kind, memories: found, merges = [] } of graph.entities()) {
    const labels = [label, ...aliases].map((words) => `${owner} ${key(owner, words)}`)
    // The owner is who they are, also when no memory says "I".
    seen.push(...labels.filter((each, i) => !(kind === 'owner' && i === 0 && aliases.length > 0) || users.has(each)))
    expect(new Set(found)).toEqual(new Set(labels.flatMap((each) => [...(users.get(each) ?? [])])))
    expect(
      connected(
        labels,
        merges.map((merge) => [`${owner} ${key(owner, merge.label)}`, `${owner} ${key(owner, merge.with)}`]),
      ),
    ).toBe(true)
    for (const merge of merges) for (const id of merge.memories) expect(graph.get(id)).toBeDefined()
  }
  expect(seen.sort()).toEqual([...users.keys()].sort())
  const words = JSON.stringify(memories.map(({ text, triplets, owner }) => [text, triplets, owner, 'I', 'is called']))
  for (const { label, aliases, merges = [], apart = [] } of graph.entities()) {
    for (const each of [label, ...aliases, ...merges.flatMap((merge) => [merge.label, merge.with])])
      expect(words).toContain(each)
    for (const each of apart) expect(words.toLowerCase()).toContain(each === 'i' ? '' : each)
  }
  for (const { memories: supporting } of graph.relations()) expect(supporting.length).toBeGreaterThan(0)
}

function connected(labels: readonly string[], pairs: readonly (readonly string[])[]): boolean {
  const reached = new Set(labels.slice(0, 1))
  for (let round = 0; round < labels.length; round++)
    for (const [a, b] of pairs) if (reached.has(a!) || reached.has(b!)) reached.add(a!).add(b!)
  return labels.every((label) => reached.has(label))
}

async function contents(graph: MemoryGraph): Promise<string[]> {
  return (await collect(graph.export())).slice(1).sort()
}

async function run(list: readonly Step[], each: (session: Session) => void): Promise<void> {
  const session = await Session.open()
  for (const step of list) {
    await session.take(step)
    each(session)
  }
  const expected = await contents(session.graph)
  await session.reopen()
  expect(await contents(session.graph)).toEqual(expected)
  const copy = await createMemoryGraph({ store: createVolatileStore() })
  await copy.import(session.graph.export())
  expect(await contents(copy)).toEqual(expected)
}

it('keeps people with several names as a plain reading of the memories has them', async () => {
  await fc.assert(
    fc.asyncProperty(steps(people), (list) => run(list, check)),
    { numRuns: 1000 },
  )
})

it('marks exactly the contradictions that comparing all memories finds', async () => {
  const noMerges = steps(values).map((list) => list.filter(({ kind }) => kind !== 'merge' && kind !== 'split'))
  await fc.assert(
    fc.asyncProperty(noMerges, (list) =>
      run(list, (session) => {
        check(session)
        const memories = session.graph.list()
        for (const memory of memories) {
          const rivals = memories.filter((other) => contradict(memory, other)).map(({ id }) => id)
          expect([...(memory.conflicts ?? [])].sort()).toEqual(rivals.sort())
        }
      }),
    ),
    { numRuns: 200 },
  )
})

function contradict(a: Memory, b: Memory): boolean {
  const during = (a.validFrom ?? 0) < (b.validTo ?? 9e9) && (b.validFrom ?? 0) < (a.validTo ?? 9e9)
  if (a.owner !== b.owner || a.supersededBy || b.supersededBy || !during) return false
  const [one, other] = [a, b].map(({ text }) => /^(The password is|I parked in|I like|I don't like) (\w+)/.exec(text)!)
  const [, , value] = one!
  const [, , otherValue] = other!
  if (/like/.test(one![1]!) && /like/.test(other![1]!)) return one![1] !== other![1] && value === otherValue
  if (one![1] !== other![1] || value === otherValue) return false
  return one![1] === 'The password is' || [value, otherValue].every((each) => each !== '4711')
}
