import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Sign, writeClip } from './clip'
import { perstream } from './command'

/** When the walk was recorded, as its container says. */
export const walkBegan = '2026-05-17T12:30:00.000Z'

/** Seconds of the walk. */
export const walkSeconds = 15

/** What one passes on the walk. */
export const walkSigns = [
  { lines: ['Dentist appointment', 'Tuesday 14 May', '15:30'], from: 0.4, to: 3 },
  { lines: ['Bakery Lindner', 'Total 12.40 EUR'], from: 3.4, to: 6 },
  { lines: ['Parking level 2', 'Row C'], from: 6.4, to: 9 },
  { lines: ['Meeting with Anna', 'Friday 10:15', 'Room 4.12'], from: 9.4, to: 12 },
  { lines: ['Library card', 'Number 77 1034'], from: 12.4, to: 15 },
] as const satisfies readonly Sign[]

/** Writes the walk. */
export function writeWalk(path: string): void {
  writeClip(path, { seconds: walkSeconds, signs: walkSigns, createdAt: walkBegan })
}

/** Writes 3 seconds of another place, by a camera without a clock. */
export function writeOtherPlace(path: string): void {
  writeClip(path, { seconds: 3, signs: [{ lines: ['Train to Porto', 'Platform 7', '08:45'], from: 0, to: 3 }] })
}

/** A folder for one test file. */
export function scratchFolder(): { readonly path: (name: string) => string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'perstream-cli-'))
  return { path: (name) => join(folder, name), remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** What `inspect --json` says of a memory. */
export async function inspect(store: string): Promise<Inspected> {
  const { stdout } = await perstream('inspect', store, '--json')
  return JSON.parse(stdout)
}

interface Inspected {
  readonly memories: number
  readonly forgotten: number
  /** Live bytes. */
  readonly bytes: number
  readonly sources: readonly { readonly source: string; readonly seconds: number }[]
  readonly newest: readonly {
    readonly id: string
    readonly text: string
    readonly category: string
    readonly validFrom?: number
    readonly evidence: readonly {
      readonly source: string
      readonly startSeconds: number
      readonly endSeconds: number
    }[]
  }[]
}
