import { arch, platform } from 'node:os'
import type { DriverStatus } from '@perstream/spec'
import { ffmpegDriver } from '@perstream/video/ffmpeg'
import { nodeAvDriver } from '@perstream/video/node-av'
import { Command } from 'commander'
import packageJson from '../../package.json'
import type { CommandContext } from './context'
import { wrap } from './format'

export function doctorCommand(context: CommandContext): Command {
  return new Command('doctor')
    .description('check what is installed, which decoders and backends work, and what to do about what does not')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  perstream doctor --json')
    .action(async ({ json }: { json?: true }) => {
      const checks = await examine(context)
      if (json) context.out(JSON.stringify({ perstream: packageJson.version, checks }))
      else for (const line of show(checks, context)) context.out(line)
    })
}

/** One thing that was looked at. */
interface Check {
  readonly group: 'decoder' | 'backend' | 'model'
  readonly name: string
  readonly works: boolean
  readonly detail: string
  readonly remedy?: string
}

async function examine({ signal }: CommandContext): Promise<Check[]> {
  const drivers = [nodeAvDriver(), ffmpegDriver()]
  const decoders = await Promise.all(
    drivers.map(async (driver) => statusCheck('decoder', driver.name, await driver.probe({ signal }))),
  )
  return [...decoders, ...(await liteChecks(signal)), ...(await speechChecks(signal))]
}

async function liteChecks(signal: AbortSignal): Promise<Check[]> {
  try {
    const { probeLite } = await import('@perstream/lite')
    const { devices, models } = await probeLite({ signal })
    return [
      ...devices.map(
        ({ device, available, detail }): Check => ({
          ...{ group: 'backend', name: device, works: available, detail },
          ...(!available && { remedy: 'not needed: the models run on the cpu' }),
        }),
      ),
      ...models.map(({ name, status }) => statusCheck('model', name, status)),
    ]
  } catch (error) {
    signal.throwIfAborted()
    const detail = error instanceof Error ? error.message.split('\n')[0]! : String(error)
    return [{ group: 'model', name: '@perstream/lite', works: false, detail, remedy: 'npm install @perstream/lite' }]
  }
}

/** What `run --speech` needs beside a model. */
async function speechChecks(signal: AbortSignal): Promise<Check[]> {
  const { probeSpeech } = await import('@perstream/backends/transformers')
  const status = await probeSpeech({ signal })
  const needed = (remedy: string) => `only for run --speech: ${remedy}`
  return [statusCheck('model', 'speech', status.available ? status : { ...status, remedy: needed(status.remedy) })]
}

function statusCheck(group: Check['group'], name: string, status: DriverStatus): Check {
  return status.available
    ? { group, name, works: true, detail: [status.version, status.detail].filter(Boolean).join(', ') }
    : { group, name, works: false, detail: status.reason, remedy: status.remedy }
}

function show(checks: readonly Check[], { columns }: CommandContext): string[] {
  const under = (text: string) => wrap(text, { columns, indent: 30 })
  const line = ({ name, works, detail, remedy }: Check) => [
    under(`  ${works ? 'works  ' : 'missing'}  ${name.padEnd(18)} ${detail}`),
    ...(remedy === undefined ? [] : [under(`${' '.repeat(30)}${remedy}`)]),
  ]
  const group = (title: string, key: Check['group']) => {
    const rows = checks.filter((check) => check.group === key)
    return rows.length === 0 ? [] : ['', title, ...rows.flatMap(line)]
  }
  return [
    `perstream ${packageJson.version}, Node ${process.versions.node}, ${platform()} ${arch()}`,
    ...group('decoders (one is enough)', 'decoder'),
    ...group('backends', 'backend'),
    ...group('models', 'model'),
  ]
}
