import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { PerStreamError } from '@perstream/spec'
import { Command } from 'commander'
import type { CommandContext } from './context'
import { count } from './format'
import { findModel, type KnownModel } from './model-names'
import { type ModelFlags, modelsOption, openHub } from './models-folder'

export function modelsPathCommand(context: CommandContext): Command {
  return new Command('path')
    .description('print the folder of a model, and nothing else')
    .argument('<name>', 'id on the hub, the last part of it, or the name it was imported as')
    .addOption(modelsOption())
    .addHelpText('after', '\nExample:\n  ls "$(perstream models path all-MiniLM-L6-v2)"')
    .action(async (name: string, flags: ModelFlags) => context.out((await findModel(name, flags)).folder))
}

export function modelsVerifyCommand(context: CommandContext): Command {
  return new Command('verify')
    .description('compare the files of a model with their checksums')
    .argument('<model>', 'id on the hub, the name it was imported as, or a folder that was pulled')
    .addOption(modelsOption())
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  perstream models verify all-MiniLM-L6-v2')
    .action(async (model: string, flags: ModelFlags & { json?: true }) => {
      const found = await findModel(model, flags)
      const checked = await verify(found, flags, context)
      if (flags.json) context.out(JSON.stringify(checked))
      else for (const line of show(checked, found)) context.out(line)
      if (checked.damaged.length > 0) throw damagedModel(found, checked)
    })
}

/** What a check found. Paths are in the folder. */
interface Checked {
  readonly name: string
  readonly folder: string
  /** 'checksums' of the hub, or only the 'sizes' that an import wrote down. */
  readonly by: 'checksums' | 'sizes'
  readonly intact: readonly string[]
  readonly damaged: readonly string[]
  readonly absent: readonly string[]
}

async function verify(model: KnownModel, flags: ModelFlags, { signal }: CommandContext): Promise<Checked> {
  const { name, folder } = model
  const sizes = await readSizes(folder)
  if (sizes) return { name, folder, by: 'sizes', ...(await compareSizes(folder, sizes)) }
  const { intact, damaged, absent } = await (await openHub(flags)).verify(folder, { signal })
  return { name, folder, by: 'checksums', intact, damaged, absent }
}

/** The bytes of the files that an import made; undefined for a folder that is no import. */
async function readSizes(folder: string): Promise<Readonly<Record<string, number>> | undefined> {
  const text = await readFile(join(folder, 'perstream-import.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as { outputs: Record<string, number> }).outputs
}

async function compareSizes(folder: string, sizes: Readonly<Record<string, number>>) {
  const checked = { intact: [] as string[], damaged: [] as string[], absent: [] as string[] }
  for (const [path, size] of Object.entries(sizes)) {
    const found = await stat(join(folder, path)).catch(() => undefined)
    checked[found === undefined ? 'absent' : found.size === size ? 'intact' : 'damaged'].push(path)
  }
  return checked
}

function show({ folder, by, intact, damaged, absent }: Checked, model: KnownModel): string[] {
  const state = damaged.length > 0 ? 'damaged' : absent.length > 0 ? 'incomplete' : 'intact'
  const means = by === 'sizes' ? ' (an import has sizes, no checksums)' : ''
  return [
    `${model.name}: ${state}${means}`,
    `  ${folder}`,
    `  ${[`${count(intact.length, 'file')} intact`, `${damaged.length} damaged`, `${absent.length} absent`].join(', ')}`,
    ...damaged.map((path) => `  damaged  ${path}`),
    ...absent.map((path) => `  absent   ${path}`),
    ...(damaged.length === 0 && absent.length > 0 ? [`  ${absentAdvice(model)}`] : []),
  ]
}

/** Files that were not asked for are absent too: that is no damage. */
function absentAdvice(model: KnownModel): string {
  if (model.kind === 'imported') return 'Import it again: what is absent is made anew.'
  return `"perstream models pull ${model.name} --revision ${basename(model.folder)}" gets them; with --files they were left out.`
}

function damagedModel({ name, kind, folder }: KnownModel, { damaged }: Checked): PerStreamError {
  const advice =
    kind === 'published'
      ? `Remove ${damaged.length === 1 ? 'it' : 'them'} from ${folder}, and pull again: "perstream models pull ${name} --revision ${basename(folder)}"`
      : 'Import it again, from a published model that is intact'
  return new PerStreamError(
    'model-invalid',
    `${count(damaged.length, 'file')} of ${name} ${damaged.length === 1 ? 'is' : 'are'} damaged. ${advice}.`,
    {
      fields: { name, damaged },
    },
  )
}
