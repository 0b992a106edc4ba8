import { createRequire } from 'node:module'
import { createCanvas, GlobalFonts } from '@napi-rs/canvas'
import { createRandom } from '@perstream/kit'
import { createTexture, type Texture } from '../render/texture'
import type { Sheet, Typeface } from '../script/sheets'
import { carMaterials } from './car-materials'
import { type Material, materials } from './materials'
import { families, sheetMaterial } from './sheet-painter'

const require = createRequire(import.meta.url)

const files: Readonly<Record<Typeface, string>> = {
  sans: require.resolve('@fontsource/roboto/files/roboto-latin-500-normal.woff2'),
  'sans-bold': require.resolve('@fontsource/roboto/files/roboto-latin-700-normal.woff2'),
  condensed: require.resolve('@fontsource/roboto-condensed/files/roboto-condensed-latin-700-normal.woff2'),
  serif: require.resolve('@fontsource/merriweather/files/merriweather-latin-700-normal.woff2'),
  'mono-bold': require.resolve('@fontsource/courier-prime/files/courier-prime-latin-700-normal.woff2'),
  hand: require.resolve('@fontsource/patrick-hand/files/patrick-hand-latin-400-normal.woff2'),
}

const paints = [
  { light: '#a82a2f', dark: '#5f1518' },
  { light: '#2c5f8f', dark: '#173652' },
  { light: '#c9ccce', dark: '#85898c' },
  { light: '#2f6b4f', dark: '#173a2a' },
  { light: '#d9a32b', dark: '#8c6412' },
] as const

/** Draws textures by name. Drawing the same name twice with the same seed gives the same pixels. */
export function createPainter(sheets: readonly Sheet[], seed: number): (name: string) => Texture {
  registerFonts()
  const random = createRandom(seed * 7 + 3)
  const known: Record<string, Material> = { ...materials, ...carMaterials(random.pick(paints)) }
  for (const sheet of sheets) known[`sheet:${sheet.id}`] = sheetMaterial(sheet)
  return (name) => paint(known[name]!, seed)
}

function registerFonts(): void {
  for (const [face, file] of Object.entries(files)) {
    const family = families[face as Typeface]
    if (!GlobalFonts.has(family)) GlobalFonts.registerFromPath(file, family)
  }
}

function paint({ width, height, cut = false, draw }: Material, seed: number): Texture {
  const canvas = createCanvas(width, height)
  draw({ ctx: canvas.getContext('2d'), width, height, random: createRandom(seed) })
  return createTexture(canvas.getContext('2d').getImageData(0, 0, width, height).data, width, height, cut)
}
