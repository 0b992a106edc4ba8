import { arch, platform } from 'node:os'
import type { CudaRequirement, DeviceFeatures } from '@perstream/backends/onnx'
import { Command } from 'commander'
import packageJson from '../../package.json'
import type { CommandContext } from './context'
import { type Check, type Examination, examine } from './doctor-checks'
import { bytes, count, wrap } from './format'
import { type ModelFlags, modelsOption } from './models-folder'

export function doctorCommand(context: CommandContext): Command {
  return new Command('doctor')
    .description('check what is installed, which decoders and backends work, and what to do about what does not')
    .addOption(modelsOption())
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  perstream doctor --json')
    .action(async ({ json, ...flags }: ModelFlags & { json?: true }) => {
      const found = await examine(flags, context)
      if (json) context.out(JSON.stringify({ perstream: packageJson.version, ...found }))
      else for (const line of show(found, context)) context.out(line)
    })
}

/** Columns before what is told of a thing. */
const indent = 38

function show({ checks, auto, cuda, models }: Examination, { columns }: CommandContext): string[] {
  const under = (text: string) => wrap(text, { columns, indent })
  const beneath = (text: string) => under(`${' '.repeat(indent)}${text}`)
  const line = (check: Check) => [
    under(`  ${check.works ? 'works  ' : 'missing'}  ${check.name.padEnd(indent - 12)} ${detailOf(check)}`),
    ...(check.remedy === undefined ? [] : [beneath(check.remedy)]),
    ...(check.works && check.features ? [beneath(abilities(check, check.features))] : []),
  ]
  const group = (title: string, key: Check['group']) => {
    const rows = checks.filter((check) => check.group === key)
    return rows.length === 0 ? [] : ['', title, ...rows.flatMap(line)]
  }
  const cudaWorks = checks.some(({ name, works }) => name === 'cuda' && works)
  return [
    `perstream ${packageJson.version}, Node ${process.versions.node}, ${platform()} ${arch()}`,
    ...group('decoders (one is enough)', 'decoder'),
    ...group(`backends${auto ? ` (auto takes ${auto.device})` : ''}`, 'backend'),
    ...(cudaWorks || cuda.length === 0 ? [] : ['', 'what cuda needs', ...cudaLines(cuda, { under, beneath })]),
    ...group('packages (all optional)', 'package'),
    ...group('models', 'model'),
    '',
    `models folder ${models.folder}: ${models.count === 0 ? 'no models' : `${count(models.count, 'model')}, ${bytes(models.bytes)}`}`,
  ]
}

/** What the libraries are is told below. */
function detailOf({ detail }: Check): string {
  return detail.replace(
    /see cudaRequirements\(\) for the libraries that it needs( and where they come from)?/,
    'see below',
  )
}

function abilities({ elementTypes = [] }: Check, features: DeviceFeatures): string {
  const words: Readonly<Record<keyof DeviceFeatures, string>> = {
    ...{ deviceMemory: 'memory of its own', bfloat16: 'bfloat16', logSoftmax: 'log-softmax' },
    ...{ fusedMatMul: 'fused products', matMulNBits: '4-bit weights', scan: 'loops' },
  }
  const able = (Object.keys(words) as (keyof DeviceFeatures)[]).filter((key) => features[key])
  return [elementTypes.join(' '), able.map((key) => words[key]).join(', ')].filter((text) => text !== '').join('; ')
}

interface Columns {
  readonly under: (text: string) => string
  readonly beneath: (text: string) => string
}

/** What is missing, and once for all that comes from the same place, where from. */
function cudaLines(requirements: readonly CudaRequirement[], { under, beneath }: Columns): string[] {
  return requirements.flatMap(({ name, found, detail, source }, i) => {
    const where = detail === 'not found' ? '' : `, ${detail}`
    const line = under(`  ${found ? 'found  ' : 'missing'}  ${name}${where}`)
    const next = requirements[i + 1]
    const isTold = found || (next && !next.found && next.source === source)
    return isTold ? [line] : [line, beneath(`from ${source}`)]
  })
}
