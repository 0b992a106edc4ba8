import { readFile, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { CudaRequirement, DeviceFeatures } from '@perstream/backends/onnx'
import type { CallOptions, DriverStatus, ElementType } from '@perstream/spec'
import { ffmpegDriver } from '@perstream/video/ffmpeg'
import { nodeAvDriver } from '@perstream/video/node-av'
import { knownModels } from './model-names'
import { type ModelFlags, modelsFolder } from './models-folder'
import { folderBytes } from './open-memory'

/** One thing that was looked at. */
export interface Check {
  readonly group: 'decoder' | 'backend' | 'package' | 'model'
  readonly name: string
  readonly works: boolean
  readonly detail: string
  readonly remedy?: string
  /** Of a backend: the types of tensors that it runs. */
  readonly elementTypes?: readonly ElementType[]
  /** Of a backend: what it can do itself. */
  readonly features?: DeviceFeatures
}

/** All that was found. */
export interface Examination {
  readonly checks: readonly Check[]
  /** The backend that models run on where none is named, and why. */
  readonly auto: { readonly device: string; readonly reason: string } | null
  /** What the backend cuda needs, what of it is here, and where the rest comes from. */
  readonly cuda: readonly CudaRequirement[]
  /** The folder of the models. */
  readonly models: { readonly folder: string; readonly count: number; readonly bytes: number }
}

/** Looks at all that can be missing. Takes some seconds: models are opened, and each backend runs some. */
export async function examine(flags: ModelFlags, { signal }: CallOptions): Promise<Examination> {
  const drivers = [nodeAvDriver(), ffmpegDriver()]
  const decoders = await Promise.all(
    drivers.map(async (driver) => statusCheck('decoder', driver.name, await driver.probe({ signal }))),
  )
  const { auto, cuda, backends } = await examineBackends({ signal })
  const packages = await Promise.all(optionalPackages.map(checkPackage))
  const checks = [
    ...decoders,
    ...backends,
    ...packages,
    ...(await liteChecks({ signal })),
    await speechCheck({ signal }),
  ]
  return { checks, auto, cuda, models: await sizeOfModels(flags) }
}

async function examineBackends({ signal }: CallOptions) {
  const { createOnnxRuntime, cudaRequirements } = await import('@perstream/backends/onnx')
  const runtime = createOnnxRuntime()
  const devices = await runtime.capabilities({ signal })
  const works = devices.some(({ available }) => available)
  const backends = devices.map(({ device, available, detail, elementTypes, features }): Check => {
    const remedy = works ? 'not needed: the models run on the cpu' : 'npm install onnxruntime-node'
    return {
      ...{ group: 'backend', name: device, works: available, detail, ...(!available && { remedy }) },
      ...{ elementTypes, features },
    }
  })
  const hasCuda = process.platform === 'linux' && process.arch === 'x64'
  return { auto: works ? await runtime.choose({ signal }) : null, cuda: hasCuda ? cudaRequirements() : [], backends }
}

const optionalPackages = [
  { name: 'onnxruntime-node', purpose: 'runs models on the cpu, on cuda and webgpu' },
  { name: 'onnxruntime-web', purpose: 'runs models on wasm, and in browsers' },
  { name: '@huggingface/transformers', purpose: 'hears speech, captions pictures' },
  { name: 'zod', purpose: 'speaks with hosted models' },
  { name: 'node-av', purpose: 'decodes video' },
]

async function checkPackage({ name, purpose }: (typeof optionalPackages)[number]): Promise<Check> {
  const version = await installedVersion(name)
  if (version !== undefined) return { group: 'package', name, works: true, detail: `${version}, ${purpose}` }
  return { group: 'package', name, works: false, detail: purpose, remedy: `npm install ${name}` }
}

/** Who loads optional packages: what one of them finds counts. */
const loaders = ['@perstream/backends', '@perstream/video', '@perstream/lite']

async function installedVersion(name: string): Promise<string | undefined> {
  const require = createRequire(import.meta.url)
  const places = [process.argv[1] ?? process.cwd(), ...loaders.flatMap((loader) => placeOf(loader, require))]
  for (const place of places) {
    const found = await versionFrom(await realpath(place).catch(() => place), name)
    if (found !== undefined) return found
  }
  return undefined
}

function placeOf(name: string, require: NodeJS.Require): string[] {
  try {
    return [require.resolve(`${name}/package.json`)]
  } catch {
    return []
  }
}

/** Looks where Node would: in the folders `node_modules` beside and above a file. */
async function versionFrom(place: string, name: string): Promise<string | undefined> {
  for (let folder = dirname(place); ; folder = dirname(folder)) {
    const text = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8').catch(() => undefined)
    if (text !== undefined) return (JSON.parse(text) as { version?: string }).version
    if (folder === dirname(folder)) return undefined
  }
}

async function liteChecks({ signal }: CallOptions): Promise<Check[]> {
  try {
    const { probeLite } = await import('@perstream/lite')
    const { models } = await probeLite({ signal })
    return models.map(({ name, status }) => statusCheck('model', name, status))
  } catch (error) {
    signal?.throwIfAborted()
    const detail = error instanceof Error ? error.message.split('\n')[0]! : String(error)
    return [{ group: 'model', name: '@perstream/lite', works: false, detail, remedy: 'npm install @perstream/lite' }]
  }
}

/** What `run --speech` needs beside a model. */
async function speechCheck({ signal }: CallOptions): Promise<Check> {
  const { probeSpeech } = await import('@perstream/backends/transformers')
  const status = await probeSpeech({ signal })
  if (status.available) return statusCheck('model', 'speech', status)
  return statusCheck('model', 'speech', { ...status, remedy: `only for run --speech: ${status.remedy}` })
}

function statusCheck(group: Check['group'], name: string, status: DriverStatus): Check {
  return status.available
    ? { group, name, works: true, detail: [status.version, status.detail].filter(Boolean).join(', ') }
    : { group, name, works: false, detail: status.reason, remedy: status.remedy }
}

async function sizeOfModels(flags: ModelFlags): Promise<Examination['models']> {
  const folder = modelsFolder(flags)
  const bytes = await folderBytes(folder).catch(() => 0)
  return { folder, count: bytes === 0 ? 0 : (await knownModels(flags)).length, bytes }
}
