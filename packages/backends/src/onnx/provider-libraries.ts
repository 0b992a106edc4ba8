import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** The folder where onnxruntime-node looks for provider libraries; undefined when it is not installed. */
function providerFolder(): string | undefined {
  try {
    const binaries = join(createRequire(import.meta.url).resolve('onnxruntime-node'), '..', '..', 'bin')
    const version = readdirSync(binaries)[0]
    return version === undefined ? undefined : join(binaries, version, process.platform, process.arch)
  } catch {
    return undefined
  }
}

/** The file name of a provider. */
function providerLibrary(provider: 'cuda' | 'tensorrt' | 'shared'): string {
  const windows = process.platform === 'win32'
  return windows ? `onnxruntime_providers_${provider}.dll` : `libonnxruntime_providers_${provider}.so`
}

/** Why a provider cannot be loaded: it, or a library that it needs, is not there. Letting the runtime find out would print. */
export function missingProvider(provider: 'cuda' | 'tensorrt'): string | undefined {
  const folder = providerFolder()
  if (folder === undefined) return 'onnxruntime-node is not installed'
  for (const each of ['shared', provider] as const) {
    const library = providerLibrary(each)
    if (!existsSync(join(folder, library))) return `the provider library ${library} is not in ${folder}`
  }
  const absent = absentLibrary(join(folder, providerLibrary(provider)))
  return absent && `${providerLibrary(provider)} cannot be loaded: ${absent}`
}

/**
 * What the system says when it looks for a library and those that it needs, and one is not there. A library that is no
 * addon of Node loads and is then refused, which is all that is asked here.
 */
export function absentLibrary(nameOrPath: string): string | undefined {
  try {
    process.dlopen({ exports: {} }, nameOrPath)
  } catch (error) {
    const message = error instanceof Error ? error.message.split('\n')[0]! : String(error)
    if (/cannot open shared object|specified module could not be found/i.test(message)) return message
  }
  return undefined
}

/** One thing that the device 'cuda' needs. */
export interface CudaRequirement {
  /** The file, or what it belongs to. */
  readonly name: string
  readonly found: boolean
  /** Where it was found, or what is wrong. */
  readonly detail: string
  /** Where it comes from. */
  readonly source: string
}

const toolkit = 'the CUDA toolkit of the same major version as the provider'
const wheels = 'or its pip wheel, with its folder on LD_LIBRARY_PATH'
/** Libraries that the provider of onnxruntime 1.30 names, with the endings of CUDA 13 and 12. */
const cudaLibraries: readonly { names: readonly string[]; source: string }[] = [
  { names: ['libcuda.so.1'], source: 'the NVIDIA driver' },
  { names: ['libcudart.so.13', 'libcudart.so.12'], source: `${toolkit}, ${wheels} (nvidia-cuda-runtime)` },
  { names: ['libcublas.so.13', 'libcublas.so.12'], source: `${toolkit}, ${wheels} (nvidia-cublas)` },
  { names: ['libcublasLt.so.13', 'libcublasLt.so.12'], source: `${toolkit}, ${wheels} (nvidia-cublas)` },
  { names: ['libcurand.so.10'], source: `${toolkit}, ${wheels} (nvidia-curand)` },
  { names: ['libcufft.so.12', 'libcufft.so.11'], source: `${toolkit}, ${wheels} (nvidia-cufft)` },
  { names: ['libcudnn.so.9'], source: `cuDNN 9 for that CUDA, ${wheels} (nvidia-cudnn-cu13, nvidia-cudnn-cu12)` },
]

/**
 * Tells what the device 'cuda' needs on Linux x64, what of it is here, and where the rest comes from. The provider libraries
 * are too large for npm: the post-install step of onnxruntime-node downloads them, and where it cannot, the wheel
 * onnxruntime-gpu of the same version holds the same files.
 */
export function cudaRequirements(): readonly CudaRequirement[] {
  const folder = providerFolder()
  const version = installedVersion() ?? 'VERSION'
  const download =
    'the post-install step of onnxruntime-node (ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node); without it: ' +
    `pip download --no-deps onnxruntime-gpu==${version}, unzip the wheel, and copy the file from onnxruntime/capi to ` +
    `${folder ?? 'the folder bin/napi-v6/linux/x64 of onnxruntime-node'}`
  const providers = (['shared', 'cuda'] as const).map((provider): CudaRequirement => {
    const name = providerLibrary(provider)
    const found = folder !== undefined && existsSync(join(folder, name))
    return { name, found, detail: found ? `in ${folder}` : `not in ${folder ?? 'onnxruntime-node'}`, source: download }
  })
  const libraries = cudaLibraries.map(({ names, source }): CudaRequirement => {
    const here = names.filter((name) => absentLibrary(name) === undefined)
    const found = here.length > 0
    return { name: names.join(' or '), found, detail: found ? `found ${here.join(', ')}` : 'not found', source }
  })
  return [...providers, ...libraries]
}

function installedVersion(): string | undefined {
  try {
    const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
    return version
  } catch {
    return undefined
  }
}
