import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { ImportDtype } from '@perstream/backends/models'
import { PerStreamError } from '@perstream/spec'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { CommandContext } from './context'
import { bytes } from './format'
import { findModel, type ImportRecord, importRecordName, importsFolder, type KnownModel } from './model-names'
import { type ModelFlags, modelsOption } from './models-folder'
import { folderBytes } from './open-memory'
import { createWorkProgress } from './work-progress'

interface ImportFlags extends ModelFlags {
  readonly dtype: ImportDtype
  readonly as?: string
  readonly json?: true
}

export function modelsImportCommand(context: CommandContext): Command {
  return new Command('import')
    .description('make a published model ready to run: graphs from its config.json, weights converted once')
    .argument('<model>', 'a model that was pulled, or a folder with config.json and safetensors')
    .addOption(
      new Option('--dtype <type>', 'how weights are kept').choices(['f32', 'f16', 'int8', 'q4']).default('f32'),
    )
    .option('--as <name>', 'what it is called from then on (default: the model and the type)', parseName)
    .addOption(modelsOption())
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples)
    .action((model: string, flags: ImportFlags) => importModelAs(model, flags, context))
}

const examples = `
Examples:
  perstream models import sentence-transformers/all-MiniLM-L6-v2
  perstream models import ./my-finetuned-qwen --dtype q4 --as my-qwen`

async function importModelAs(model: string, flags: ImportFlags, context: CommandContext): Promise<void> {
  const { dtype, json } = flags
  const { signal } = context
  const { importModel } = await import('@perstream/backends/models')
  const published = await findModel(model, flags)
  if (published.kind === 'imported')
    throw new PerStreamError(
      'input-invalid',
      `${model} is imported already, as ${published.dtype}: name what it was imported from`,
    )
  const name = flags.as ?? `${published.model}-${dtype}`
  const place = join(importsFolder(flags), name)
  const progress = createWorkProgress(context, 'bytes')
  try {
    const onProgress = progress.on
    const folder = await importModel(published.folder, { cacheFolder: place, dtype, onProgress, signal })
    await nameImport(place, { name, folder: basename(folder), model: published.model, commit: published.commit, dtype })
    progress.stop()
    const size = await folderBytes(folder)
    if (json) context.out(JSON.stringify({ name, model: published.model, dtype, folder, bytes: size }))
    else context.out([`${name}: ${describe(published)} as ${dtype}, ${bytes(size)}`, `  ${folder}`].join('\n'))
  } catch (error) {
    // A name that means nothing is not left behind; one that meant something stays.
    await rmdir(place).catch(() => undefined)
    throw error
  } finally {
    progress.stop()
  }
}

function describe({ name, commit }: KnownModel): string {
  return commit === undefined ? name : `${name} at ${commit.slice(0, 12)}`
}

/** Makes the name mean what was imported; what it meant before goes. */
async function nameImport(place: string, record: ImportRecord): Promise<void> {
  await mkdir(place, { recursive: true })
  const path = join(place, importRecordName)
  const beside = `${path}.${process.pid}.tmp`
  await writeFile(beside, `${JSON.stringify(record, null, 2)}\n`)
  await rename(beside, path)
  for (const entry of await readdir(place, { withFileTypes: true }))
    if (entry.isDirectory() && entry.name !== record.folder && !entry.name.includes('.part'))
      await rm(join(place, entry.name), { recursive: true, force: true })
}

function parseName(text: string): string {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(text))
    throw new InvalidArgumentError(`"${text}" is no name: letters, digits, ".", "_" and "-".`)
  return text
}
