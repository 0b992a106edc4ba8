import type { Sheet, SheetKind, SheetLine, Typeface } from '../script/sheets'
import { type Brush, block, disc, fade, flood, grain, mottle } from './brush'
import type { Material } from './materials'

/** The font family each typeface is registered under. */
export const families: Readonly<Record<Typeface, string>> = {
  sans: 'demo sans',
  'sans-bold': 'demo sans bold',
  condensed: 'demo condensed',
  serif: 'demo serif',
  'mono-bold': 'demo mono bold',
  hand: 'demo hand',
}

/** Describes how a sheet is drawn: its ground, then its lines. */
export function sheetMaterial(sheet: Sheet): Material {
  const wide = sheet.width / sheet.height > 1.4
  return {
    width: sheet.width > 500 || wide ? 1024 : 512,
    height: 512,
    draw(brush) {
      brush.ctx.scale(brush.width / sheet.width, brush.height / sheet.height)
      const onSheet: Brush = { ...brush, width: sheet.width, height: sheet.height }
      grounds[sheet.kind](onSheet)
      for (const line of sheet.lines) write(onSheet, line, sheet.kind)
      brush.ctx.resetTransform()
      grain(brush, sheet.kind === 'whiteboard' ? 1.5 : 3)
    },
  }
}

function write({ ctx, random }: Brush, line: SheetLine, kind: SheetKind): void {
  ctx.save()
  ctx.font = `${line.size}px "${families[line.face]}"`
  ctx.textAlign = line.align ?? 'left'
  ctx.fillStyle = line.color
  ctx.translate(line.x, line.y)
  if (line.face === 'hand') {
    ctx.rotate(random.gaussian() * 0.008)
    if (kind === 'whiteboard') {
      ctx.lineWidth = line.size * 0.025
      ctx.strokeStyle = line.color
      ctx.strokeText(line.text, 0, 0)
    }
  }
  ctx.fillText(line.text, 0, 0)
  ctx.restore()
}

const grounds: Readonly<Record<SheetKind, (brush: Brush) => void>> = {
  'door-sign': (brush) => {
    fade(brush, ['#41617a', '#2f4a60'])
    block(brush, 0, 0, brush.width, 8, '#9fb4c2')
    for (const x of [10, brush.width - 10]) disc(brush, x, brush.height / 2, 4, 4, '#c7ced3')
  },
  calendar: (brush) => {
    flood(brush, '#f4f1e6')
    block(brush, 0, 0, brush.width, 86, '#b5463c')
    for (let i = 0; i < 10; i++) disc(brush, 30 + i * 45, 9, 6, 6, '#3a2a28')
    for (let i = 0; i < 6; i++) block(brush, 10, 94 + i * 58, brush.width - 20, 1.4, '#b9b2a2')
    mottle(brush, 8, 120, 0.03)
  },
  receipt: (brush) => {
    flood(brush, '#f6f4ec')
    mottle(brush, 10, 60, 0.05)
    for (const y of [60, 140, 170]) for (let x = 12; x < 148; x += 6) block(brush, x, y, 3, 1, '#555')
  },
  badge: (brush) => {
    flood(brush, '#fafafa')
    block(brush, 0, 0, brush.width, 28, '#0f6b6b')
    block(brush, 35, 36, 40, 46, '#cfd8dc', 3)
    disc(brush, 55, 53, 10, 12, '#e3b38f')
    disc(brush, 55, 47, 11, 8, '#4b3425')
    block(brush, 40, 66, 30, 16, '#37474f', 8)
    block(brush, 0, brush.height - 5, brush.width, 5, '#0f6b6b')
  },
  whiteboard: (brush) => {
    flood(brush, '#eef0ee')
    mottle(brush, 24, 320, 0.03)
    const { ctx } = brush
    ctx.strokeStyle = '#a5aaad'
    ctx.lineWidth = 44
    ctx.strokeRect(0, 0, brush.width, brush.height)
    ctx.strokeStyle = '#b3261e'
    ctx.lineWidth = 7
    ctx.beginPath()
    ctx.moveTo(110, 200)
    ctx.quadraticCurveTo(400, 215, 720, 196)
    ctx.stroke()
  },
  parking: (brush) => {
    flood(brush, '#1d4fa0')
    const { ctx } = brush
    ctx.strokeStyle = '#f4f6fa'
    ctx.lineWidth = 12
    ctx.strokeRect(14, 14, brush.width - 28, brush.height - 28)
    block(brush, 195, 50, 130, 130, '#f4f6fa', 18)
    block(brush, 228, 72, 22, 88, '#1d4fa0')
    ctx.strokeStyle = '#1d4fa0'
    ctx.lineWidth = 18
    ctx.beginPath()
    ctx.arc(254, 98, 20, -Math.PI / 2, Math.PI / 2)
    ctx.stroke()
    mottle(brush, 14, 130, 0.05)
  },
  plate: (brush) => {
    flood(brush, '#1a1b1d')
    block(brush, 10, 8, brush.width - 20, 116, '#f3f1e4', 10)
    block(brush, 10, 8, 34, 116, '#1d4fa0', 8)
    mottle(brush, 8, 60, 0.04)
  },
  label: (brush) => {
    flood(brush, '#f5f3ea')
    const { ctx } = brush
    ctx.strokeStyle = '#2b4c7e'
    ctx.lineWidth = 6
    ctx.strokeRect(7, 7, brush.width - 14, brush.height - 14)
  },
  poster: (brush) => {
    fade(brush, ['#7a1f2b', '#4d1220'])
    const { ctx } = brush
    ctx.strokeStyle = '#e0a63c'
    ctx.lineWidth = 8
    ctx.strokeRect(26, 26, brush.width - 52, brush.height - 52)
    disc(brush, brush.width / 2, 470, 16, 16, '#e0a63c')
  },
}
