import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import type { CommandContext } from './context'
import { bytes, count } from './format'
import { type KnownModel, knownModels } from './model-names'
import { type ModelFlags, modelsFolder, modelsOption } from './models-folder'
import { folderBytes } from './open-memory'

/** A model as it is listed. */
interface ListedModel extends Omit<KnownModel, 'dtype' | 'commit'> {
  /** The model type of its config.json; null where there is none. */
  readonly family: string | null
  readonly dtype: string | null
  readonly commit: string | null
  /** What it takes on the disk. Files that an import shares with what was pulled are counted with both. */
  readonly bytes: number
}

export function modelsListCommand(context: CommandContext): Command {
  return new Command('list')
    .description('show the models on this machine')
    .addOption(modelsOption())
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  perstream models list')
    .action(async (flags: ModelFlags & { json?: true }) => {
      const folder = modelsFolder(flags)
      const models = await Promise.all((await knownModels(flags)).map(inspectModel))
      if (flags.json) context.out(JSON.stringify({ folder, models }))
      else for (const line of show(folder, models)) context.out(line)
    })
}

async function inspectModel(model: KnownModel): Promise<ListedModel> {
  const config = await readConfig(model.folder)
  const dtype = model.dtype ?? config.torch_dtype ?? config.dtype
  return {
    ...model,
    family: typeof config.model_type === 'string' ? config.model_type : null,
    dtype: typeof dtype === 'string' ? dtype : await readyMadeTypes(model.folder),
    commit: model.commit ?? null,
    bytes: await folderBytes(model.folder),
  }
}

interface ModelConfigFile {
  readonly model_type?: unknown
  readonly torch_dtype?: unknown
  readonly dtype?: unknown
}

/** What cannot be read says nothing of the model; `verify` tells what is damaged. */
async function readConfig(folder: string): Promise<ModelConfigFile> {
  const text = await readFile(join(folder, 'config.json'), 'utf8').catch(() => '{}')
  try {
    return (JSON.parse(text) as ModelConfigFile | null) ?? {}
  } catch {
    return {}
  }
}

async function readyMadeTypes(folder: string): Promise<string | null> {
  const names = await readdir(join(folder, 'onnx')).catch(() => [])
  return names.some((name) => name.endsWith('.onnx')) ? 'onnx' : null
}

function show(folder: string, models: readonly ListedModel[]): string[] {
  if (models.length === 0) return [`${folder}: no models.`, '"perstream models pull OWNER/NAME" gets one from the hub.']
  const rows = models.map(({ name, kind, family, dtype, bytes: size, commit, revisions }) => [
    ...[name, kind, family ?? '?', dtype ?? '?', bytes(size)],
    [commit?.slice(0, 12), ...revisions].filter(Boolean).join(' '),
  ])
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 4 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
  const total = models.reduce((sum, { bytes: size }) => sum + size, 0)
  return [
    `${folder}: ${count(models.length, 'model')}, ${bytes(total)}`,
    ...rows.map((row) => `  ${line(row).join('  ')}`.trimEnd()),
  ]
}
