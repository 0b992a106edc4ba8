import type { PulledModel } from '@perstream/backends/hub'
import { PerStreamError } from '@perstream/spec'
import { Command, InvalidArgumentError } from 'commander'
import type { CommandContext } from './context'
import { bytes, count } from './format'
import { type ModelFlags, modelsOption, openHub } from './models-folder'
import { createWorkProgress } from './work-progress'

interface PullFlags extends ModelFlags {
  readonly revision: string
  readonly files?: readonly string[]
  readonly json?: true
}

export function modelsPullCommand(context: CommandContext): Command {
  return new Command('pull')
    .description('download a model from the hub; what was broken off goes on where it ended')
    .argument('<id>', 'the model on the hub: owner/name', parseId)
    .option('--revision <name>', 'branch, tag or commit', parseRevision, 'main')
    .option('--files <glob...>', 'only these files: * is any characters, ? is one')
    .option('--offline', 'ask no hub: what is there must do')
    .addOption(modelsOption())
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples)
    .action((id: string, flags: PullFlags) => pull(id, flags, context))
}

const examples = `
Examples:
  perstream models pull sentence-transformers/all-MiniLM-L6-v2
  perstream models pull HuggingFaceTB/SmolLM2-135M-Instruct --files "*.json" "*.safetensors"
  perstream models pull owner/model --revision 1110a243fdf4706b3f48f1d95db1a4f5529b4d41`

/** What a download came to. */
interface Pulled extends PulledModel {
  /** Bytes of the files. */
  readonly bytes: number
  /** Bytes that came now; the others were there. */
  readonly received: number
}

async function pull(id: string, flags: PullFlags, context: CommandContext): Promise<void> {
  const received = countReceived()
  const hub = await openHub(flags, { fetch: received.fetch })
  const progress = createWorkProgress(context, 'bytes')
  let whole = 0
  try {
    const pulled = await hub.pull(id, {
      revision: flags.revision,
      ...(flags.files && { files: matcherOf(flags.files) }),
      onProgress(each) {
        whole = each.total ?? each.done
        progress.on(each, noteOf(each.done, received))
      },
      signal: context.signal,
    })
    if (pulled.files.length === 0) throw noFiles(id, flags.files ?? [])
    progress.stop()
    const done = { ...pulled, bytes: whole, received: received.bytes }
    context.out(flags.json ? JSON.stringify(done) : show(done))
  } finally {
    progress.stop()
  }
}

function show({ id, commit, folder, files, bytes: all, received }: Pulled): string {
  const there = Math.max(0, all - received)
  const came = there === 0 ? '' : `; ${bytes(received)} came now, ${bytes(there)} were there`
  return [`${id} at ${commit}`, `  ${count(files.length, 'file')}, ${bytes(all)}${came}`, `  ${folder}`].join('\n')
}

function noteOf(done: number, { bytes: received, perSecond }: Received): string {
  const rate = perSecond() > 0 ? `${bytes(perSecond())}/s` : ''
  return done > received ? `${rate}  resumed at ${bytes(done - received)}` : rate
}

/** Counts the bytes of files that come. */
interface Received {
  readonly fetch: typeof globalThis.fetch
  readonly bytes: number
  perSecond(): number
}

function countReceived(): Received {
  let received = 0
  let began: number | undefined
  const counting = () =>
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        received += chunk.length
        controller.enqueue(chunk)
      },
    })
  return {
    async fetch(input, init) {
      const response = await globalThis.fetch(input, init)
      const isFile = response.ok && response.body !== null && !new URL(String(input)).pathname.includes('/api/models/')
      if (!isFile) return response
      began ??= performance.now()
      const { status, statusText, headers } = response
      return new Response(response.body!.pipeThrough(counting()), { status, statusText, headers })
    },
    get bytes() {
      return received
    },
    perSecond: () => (began === undefined ? 0 : (received * 1000) / Math.max(1, performance.now() - began)),
  }
}

/** Tells whether any of the patterns stands for a path. */
export function matcherOf(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.map((glob) => {
    const source = glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')
    return new RegExp(`^${source}$`)
  })
  return (path) => patterns.some((pattern) => pattern.test(path))
}

function noFiles(id: string, globs: readonly string[]): PerStreamError {
  return new PerStreamError(
    'model-missing',
    `No file of ${id} is called ${globs.join(' or ')}: nothing was downloaded.`,
    {
      fields: { id, files: globs },
    },
  )
}

function parseId(text: string): string {
  if (!/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)?$/.test(text) || text.includes('..'))
    throw new InvalidArgumentError(`"${text}" is no model on the hub: give owner/name.`)
  return text
}

function parseRevision(text: string): string {
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(text) || text.split('/').some((part) => /^\.+$/.test(part)))
    throw new InvalidArgumentError(`"${text}" is no branch, tag or commit.`)
  return text
}
