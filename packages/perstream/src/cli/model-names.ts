import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { PerStreamError } from '@perstream/spec'
import { type ModelFlags, modelsFolder, openHub } from './models-folder'
import { pullCommand } from './published-models'

/** A model that commands can be given the name of. */
export interface KnownModel {
  /** The id on the hub, or the name it was imported as; of a folder that is given, the folder. */
  readonly name: string
  readonly kind: 'published' | 'imported' | 'folder'
  readonly folder: string
  /** The published model: what its embedding space is named after. */
  readonly model: string
  readonly commit: string | undefined
  /** How an imported model keeps its weights. */
  readonly dtype: string | undefined
  /** Branches and tags that a published one was pulled as. */
  readonly revisions: readonly string[]
}

/** The file that says what a name of an imported model means. */
export const importRecordName = 'perstream-model.json'

/** What that file holds. */
export interface ImportRecord {
  readonly name: string
  /** The folder in the folder of the name. */
  readonly folder: string
  /** The published model's name. */
  readonly model: string
  readonly commit: string | undefined
  readonly dtype: string
}

/** Where imported models are, one folder a name. */
export function importsFolder(flags: ModelFlags): string {
  return join(modelsFolder(flags), 'imported')
}

/** All models of the folder of models, published ones first. */
export async function knownModels(flags: ModelFlags): Promise<KnownModel[]> {
  const hub = await openHub(flags)
  const published = (await hub.list()).map(
    ({ id, commit, folder, revisions }): KnownModel => ({
      ...{ name: id, kind: 'published', model: lastPart(id), commit, folder, revisions, dtype: undefined },
    }),
  )
  return [...published, ...(await importedModels(importsFolder(flags)))]
}

async function importedModels(folder: string): Promise<KnownModel[]> {
  const names = await readdir(folder).catch(() => [])
  const found = await Promise.all(names.sort().map((name) => readImport(folder, name)))
  return found.filter((each) => each !== undefined)
}

/** What a name of an imported model means; undefined where there is none, or none was finished. */
async function readImport(imports: string, name: string): Promise<KnownModel | undefined> {
  const text = await readFile(join(imports, name, importRecordName), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const { folder, model, commit, dtype } = JSON.parse(text) as ImportRecord
  return { name, kind: 'imported', folder: join(imports, name, folder), model, commit, dtype, revisions: [] }
}

/**
 * Finds a model by its id, the last part of its id, the name it was imported as, or its folder.
 * @throws PerStreamError `model-missing` that names those that are called alike
 */
export async function findModel(nameOrFolder: string, flags: ModelFlags): Promise<KnownModel> {
  return pickModel(nameOrFolder, await knownModels(flags), flags)
}

async function pickModel(nameOrFolder: string, models: readonly KnownModel[], flags: ModelFlags): Promise<KnownModel> {
  const named =
    models.find(({ kind, name }) => kind === 'imported' && name === nameOrFolder) ??
    newest(models, ({ name }) => name === nameOrFolder) ??
    newest(models, ({ name }) => lastPart(name) === nameOrFolder)
  if (named) return named
  const folder = resolve(nameOrFolder)
  if ((await stat(folder).catch(() => undefined))?.isDirectory())
    return models.find((each) => each.folder === folder) ?? givenFolder(nameOrFolder, folder)
  throw unknownModel(nameOrFolder, models, flags)
}

/**
 * Sees whether models are there.
 * @throws PerStreamError `model-missing` that tells of all that are not
 */
export async function checkModels(names: readonly string[], flags: ModelFlags): Promise<void> {
  const models = await knownModels(flags)
  const found = await Promise.allSettled(names.map((name) => pickModel(name, models, flags)))
  const failed = found.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
  if (failed.length === 0) return
  if (failed.length === 1 || !failed.every(isMissing)) throw failed[0]
  const message = failed.map((error) => error.message).join('\n')
  throw new PerStreamError('model-missing', message, { fields: { missing: failed.map(({ fields }) => fields.name) } })
}

function isMissing(error: unknown): error is PerStreamError {
  return PerStreamError.isInstance(error) && error.code === 'model-missing'
}

function givenFolder(name: string, folder: string): KnownModel {
  return {
    ...{ name, kind: 'folder', folder, model: basename(folder) },
    ...{ commit: undefined, dtype: undefined, revisions: [] },
  }
}

/** Of several commits of a model, the one that its main branch was last; else any. */
function newest(models: readonly KnownModel[], matches: (model: KnownModel) => boolean): KnownModel | undefined {
  const found = models.filter(matches)
  return found.find(({ revisions }) => revisions.includes('main')) ?? found.at(-1)
}

function unknownModel(name: string, models: readonly KnownModel[], flags: ModelFlags): PerStreamError {
  const names = [...new Set(models.map((each) => each.name))]
  const near = nearNames(name, names)
  const isId = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(name)
  const advice = [
    ...(near.length > 0 ? [`Did you mean ${near.join(', or ')}?`] : isId ? [] : [listed(names)]),
    ...(isId ? [`This gets it: ${pullCommand(name)}`] : []),
  ]
  return new PerStreamError(
    'model-missing',
    `There is no model "${name}" in ${modelsFolder(flags)}. ${advice.join(' ')}`,
    {
      fields: { name, near },
    },
  )
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'There is none yet: "perstream models pull OWNER/NAME" gets one.'
  return '"perstream models list" shows what there is.'
}

/** Names that differ in a few letters, or hold the name, the nearest first; three at most. */
export function nearNames(name: string, names: readonly string[]): string[] {
  const wanted = name.toLowerCase()
  const far = (other: string) => {
    const whole = other.toLowerCase()
    if (wanted.length > 2 && whole.includes(wanted)) return 0.5
    return Math.min(editDistance(wanted, whole), editDistance(lastPart(wanted), lastPart(whole)))
  }
  return names
    .map((each) => ({ each, distance: far(each) }))
    .filter(({ each, distance }) => distance <= Math.max(2, Math.min(name.length, lastPart(each).length) / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ each }) => each)
}

/** How many letters have to be put in, taken out or exchanged. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}
