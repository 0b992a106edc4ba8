import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CallOptions } from '@perstream/spec'
import { type Fingerprint, fingerprint } from './fingerprint'

/** The manifest's name in an imported folder. */
export const manifestName = 'perstream-import.json'

/** Raised whenever graphs are written otherwise, so that what an older version imported is imported again. */
export const importVersion = 1

/** Says what an imported folder was made from, and what it consists of. */
export interface ImportManifest {
  readonly version: number
  readonly dtype: string
  /** Files of the published folder, by name. */
  readonly inputs: Readonly<Record<string, Fingerprint>>
  /** Bytes of the files that the import made, by path in the imported folder. */
  readonly outputs: Readonly<Record<string, number>>
}

/** Recognises the files of a published model that matter to an import. */
export async function fingerprintInputs(
  folder: string,
  names: readonly string[],
  options: CallOptions,
): Promise<Record<string, Fingerprint>> {
  const inputs: Record<string, Fingerprint> = {}
  for (const name of names) inputs[name] = await fingerprint(join(folder, name), options)
  return inputs
}

/** Files of a published folder that a model is read from beside its weights. */
export async function listSmallFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { withFileTypes: true })
  const top = names.filter((entry) => !entry.isDirectory() && /\.(json|jinja|txt|model)$/.test(entry.name))
  const wanted = top.map(({ name }) => name).filter((name) => !name.endsWith('.safetensors.index.json'))
  const pooling = await stat(join(folder, '1_Pooling', 'config.json')).catch(() => undefined)
  return [...wanted, ...(pooling ? ['1_Pooling/config.json'] : [])].sort()
}

/** Tells whether a folder holds a whole import of these inputs by this version. */
export async function isCurrentImport(
  target: string,
  { version, dtype, inputs }: Omit<ImportManifest, 'outputs'>,
): Promise<boolean> {
  const found = await readManifest(join(target, manifestName))
  if (found?.version !== version || found.dtype !== dtype) return false
  if (JSON.stringify(sorted(found.inputs)) !== JSON.stringify(sorted(inputs))) return false
  const sizes = Object.entries(found.outputs).map(async ([path, bytes]) => {
    const file = await stat(join(target, path)).catch(() => undefined)
    return file?.size === bytes
  })
  return (await Promise.all(sizes)).every(Boolean)
}

/** A manifest that is missing or spoilt is none: the model is imported again. */
async function readManifest(path: string): Promise<ImportManifest | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ImportManifest
  } catch {
    return undefined
  }
}

function sorted(inputs: ImportManifest['inputs']): unknown {
  return Object.keys(inputs)
    .sort()
    .map((name) => [name, inputs[name]!.bytes, inputs[name]!.sha256])
}
