import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type EmbeddingSpace, type ReembedReport, reembedStore } from '@perstream/pmg/files'
import type { Memory, TextEncoder } from '@perstream/spec'
import { Command, Option } from 'commander'
import type { CommandContext } from './context'
import { bytes, clock, count, number } from './format'
import { modelsOption } from './models-folder'
import { folderBytes, mustExist, openMemory } from './open-memory'
import { openTextEncoder, type TextFlags } from './text-encoder'
import { createWorkProgress } from './work-progress'

interface ReembedFlags extends TextFlags {
  readonly dryRun?: true
  readonly json?: true
}

export function reembedCommand(context: CommandContext): Command {
  return new Command('reembed')
    .description("move a memory to another text encoder's space: its words are encoded anew, all else stays")
    .argument('<dir>', 'folder of the memory')
    .addOption(
      new Option('--text <model>', 'the encoder: lite, or the name or folder of a model').makeOptionMandatory(),
    )
    .option('--dry-run', 'say how much that is, and change nothing')
    .addOption(modelsOption())
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples)
    .action((directory: string, flags: ReembedFlags) => reembed(directory, flags, context))
}

const examples = `
Examples:
  perstream reembed memory --text all-MiniLM-L6-v2 --dry-run    how many texts, how long, how large
  perstream reembed memory --text all-MiniLM-L6-v2
  perstream reembed memory --text lite                          back to the encoder of the lite preset

Broken off at any moment, the folder holds the memory as it was; run it again then. It can be read meanwhile, and
takes its room on the disk once more until it is done.`

async function reembed(directory: string, flags: ReembedFlags, context: CommandContext): Promise<void> {
  await mustExist(directory)
  await using text = await openTextEncoder(flags, context)
  const { json, dryRun } = flags
  if (dryRun) {
    const plan = await planReembedding(directory, text, context)
    return context.out(json ? JSON.stringify(plan) : showPlan(plan))
  }
  const done = await migrate(directory, text, context)
  context.out(json ? JSON.stringify(done) : showDone(done))
}

/** What a migration did, as it is printed. */
interface Migrated extends Omit<ReembedReport, 'before'> {
  readonly directory: string
  readonly dryRun: false
  readonly before: EmbeddingSpace | null
  readonly seconds: number
  readonly diskBytes: number
}

async function migrate(directory: string, text: TextEncoder, context: CommandContext): Promise<Migrated> {
  const hadIndex = await isThere(join(directory, 'index.pmg'))
  const began = performance.now()
  const progress = createWorkProgress(context, 'memories')
  try {
    const report = await reembedStore(directory, {
      text,
      onProgress: (each) => progress.on(each),
      onWarning: ({ message }) => context.note(`perstream: ${message}`),
      signal: context.signal,
    })
    if (report.changed && hadIndex) await writeIndex(directory, text, context)
    const seconds = (performance.now() - began) / 1000
    const before = report.before ?? null
    return { directory, dryRun: false, ...report, before, seconds, diskBytes: await folderBytes(directory) }
  } finally {
    progress.stop()
  }
}

/** The old index counts no more: closing a memory writes a new one. */
async function writeIndex(directory: string, text: TextEncoder, context: CommandContext): Promise<void> {
  await using _memory = await openMemory(directory, 'write', context, { text })
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

function showDone({ directory, changed, before, after, encoded, without, lost, seconds, diskBytes }: Migrated): string {
  if (!changed) return showUnchanged(directory, before, after.id)
  const rest = [
    ...(without > 0 ? [`${count(without, 'memory has', 'memories have')} no embedding, as before`] : []),
    ...(lost > 0
      ? [`${count(lost, 'memory', 'memories')} without words, or whose words mean nothing to it, lost theirs`]
      : []),
  ]
  return [
    `${directory}: ${count(encoded, 'memory', 'memories')} moved from ${before!.id} to ${after.id} in ${clock(Math.ceil(seconds))}, ${bytes(diskBytes)} on disk`,
    ...rest.map((line) => `  ${line}`),
  ].join('\n')
}

function showUnchanged(directory: string, before: { readonly id: string } | null, after: string): string {
  return before
    ? `${directory}: its embeddings are of ${after} already. Nothing was changed.`
    : `${directory}: it has no embeddings. Nothing was changed.`
}

/** What a migration would do. */
interface ReembedPlan {
  readonly directory: string
  readonly dryRun: true
  /** False when there is nothing to do. */
  readonly changed: boolean
  readonly before: EmbeddingSpace | null
  readonly after: EmbeddingSpace
  /** Memories whose words would be encoded. */
  readonly texts: number
  /** Memories that would be found by their words alone, as before or from then on. */
  readonly without: number
  /** Seconds, about: some of the texts were encoded for it. */
  readonly seconds: number
  /** Bytes of the embeddings, about. */
  readonly bytesBefore: number
  readonly bytesAfter: number
  /** Bytes of the memory on the disk: about as much is needed besides, meanwhile. */
  readonly diskBytes: number
}

async function planReembedding(directory: string, text: TextEncoder, context: CommandContext): Promise<ReembedPlan> {
  await using memory = await openMemory(directory, 'read', context)
  const { space, dimensions } = memory.graph.stats()
  const before = space === undefined ? null : { id: space, dimensions: dimensions! }
  const after = { id: text.space, dimensions: text.dimensions }
  const changed = before !== null && (before.id !== after.id || before.dimensions !== after.dimensions)
  const all = [...memory.graph.list(), ...memory.graph.list({ forgotten: true })]
  const told = changed ? all.filter((each) => each.space !== undefined && each.forgottenAt === undefined) : []
  const size = (width: number) => told.reduce((sum, each) => sum + embeddingBytes(each, width), 0)
  return {
    ...{ directory, dryRun: true, changed, before, after, texts: told.length },
    without: changed ? all.length - told.length : 0,
    seconds: await estimateSeconds(told, text, context),
    bytesBefore: before ? size(before.dimensions) : 0,
    bytesAfter: size(after.dimensions),
    diskBytes: await memory.diskBytes(),
  }
}

const bits = { f32: 32, f16: 16, i8: 8, b1: 1 } as const

/** Without what goes with a vector that is kept less exactly. */
function embeddingBytes({ embeddingPrecision }: Memory, dimensions: number): number {
  return Math.ceil((dimensions * bits[embeddingPrecision ?? 'f32']) / 8)
}

/** Texts that are encoded to see how long one takes. */
const sampled = 64

async function estimateSeconds(memories: readonly Memory[], text: TextEncoder, { signal }: CommandContext) {
  const step = Math.max(1, Math.floor(memories.length / sampled))
  const sample = memories.filter((_, i) => i % step === 0).slice(0, Math.min(sampled, text.maxBatchSize))
  if (sample.length === 0) return 0
  const words = sample.map((memory) => memory.text)
  // The first run makes room for the others.
  await text.encode(words.slice(0, 1), { signal })
  const began = performance.now()
  await text.encode(words, { signal })
  return ((performance.now() - began) / 1000) * (memories.length / sample.length)
}

function showPlan(plan: ReembedPlan): string {
  const { directory, changed, before, after, texts, without, seconds, bytesBefore, bytesAfter, diskBytes } = plan
  if (!changed) return showUnchanged(directory, before, after.id)
  return [
    `${directory}: ${before!.id} (${before!.dimensions} dimensions) to ${after.id} (${after.dimensions})`,
    `  ${number(texts)} ${texts === 1 ? 'text' : 'texts'} to encode, about ${clock(Math.ceil(seconds))}`,
    `  embeddings ${bytes(bytesBefore)} now, ${bytes(bytesAfter)} then; ${bytes(diskBytes)} on disk, and as much again meanwhile`,
    ...(without > 0
      ? [`  ${count(without, 'memory', 'memories')} without an embedding, or without words, will have none`]
      : []),
    '',
    'Nothing was changed (--dry-run).',
  ].join('\n')
}
