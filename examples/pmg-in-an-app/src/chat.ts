// A chat with a memory that survives restarts: tell it things, ask about them later. `npm start -- FOLDER`
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { styleText } from 'node:util'
import { createUseLiteEncoder, createWinkTriplets } from '@perstream/lite'
import { createMemoryGraph } from '@perstream/pmg'
import { openFileStore } from '@perstream/pmg/files'
import { collectAnswer, createExtractiveAnswerer } from '@perstream/responder'

const help = `Tell me something, or ask. /history lists what I know, /forget WORDS erases, /export FILE writes it all, Ctrl-D ends.`
const asks = /\?$|^(?:who|what|where|when|which|why|how|do|does|did|is|are|was|were|can|could|have|has|had)\b/i

await using store = await openFileStore(process.argv[2] ?? 'chat-memory', { mode: 'write' })
await using encoder = await createUseLiteEncoder()
await using graph = await createMemoryGraph({ store, text: encoder })
const triplets = createWinkTriplets()
const answerer = createExtractiveAnswerer({ notSeenText: 'I do not know.' })

const dim = (text: string) => (process.stdout.isTTY ? styleText('dim', text) : text)
const readline = createInterface({ input: process.stdin, output: process.stdout, prompt: dim('> ') })
const say = (text: string) => console.log(text)
const lines = readline[Symbol.asyncIterator]()
say(`${graph.stats().memories} memories. ${help}`)
for (let line = await ask(); line !== undefined; line = await ask()) {
  const [, command, words = ''] = /^\/(\w+)\s*(.*)$/.exec(line) ?? []
  if (line === '') continue
  if (command === undefined) await (asks.test(line) ? answer(line) : remember(line))
  else if (command === 'history') history()
  else if (command === 'forget' && words) await forget(words)
  else if (command === 'export' && words) await exportTo(words)
  else say(help)
}
say('\nI will remember.')

/** Reads a line; undefined at the end. */
async function ask(): Promise<string | undefined> {
  readline.prompt()
  const { value, done } = await lines.next()
  return done ? undefined : value.trim()
}

async function remember(text: string): Promise<void> {
  const facts = await triplets.extract(text)
  const [result] = await graph.create([{ text, category: 'notes', origin: 'told', triplets: facts }])
  say(result!.outcome === 'created' ? 'I will remember that.' : 'I know.')
}

async function answer(question: string): Promise<void> {
  const memories = await graph.retrieve({ text: question, limit: 8 })
  const moment = { now: Date.now() }
  const { text, citations } = await collectAnswer(answerer.answer({ question, memories, moment }))
  const [cited] = citations.flatMap(({ memoryId }) => graph.get(memoryId) ?? [])
  const nearest = memories.find(({ parts }) => parts.lexical > 0)?.memory
  if (cited) say(`${text} That was on ${when(cited.learnedAt)}.`)
  else say(nearest ? `${text} The nearest I know is "${nearest.text}", from ${when(nearest.learnedAt)}.` : text)
}

function history(): void {
  for (const { text, learnedAt } of graph.list().reverse()) say(`${dim(when(learnedAt))}  ${text}`)
}

async function forget(words: string): Promise<void> {
  const [found] = await graph.retrieve({ text: words, limit: 1 })
  if (!found) return say('I know nothing of that.')
  say(`Forget "${found.memory.text}" for good? (y/n)`)
  if (/^y/i.test((await ask()) ?? '')) say(`Forgotten: ${await graph.delete([found.memory.id])} memory.`)
}

async function exportTo(name: string): Promise<void> {
  const file = createWriteStream(name)
  for await (const line of graph.export()) file.write(`${line}\n`)
  await finished(file.end())
  say(`Wrote ${graph.stats().memories} memories to ${name}.`)
}

function when(milliseconds: number): string {
  return new Date(milliseconds).toLocaleString('en-GB', { dateStyle: 'full', timeStyle: 'short' })
}
