import { type Brush, block, disc, fade, polygon } from './brush'
import type { Material } from './materials'

/** The materials of a car in a given paint. `dark` is the same paint in shade. */
export function carMaterials({
  light,
  dark,
}: {
  readonly light: string
  readonly dark: string
}): Record<string, Material> {
  const side = (flip: boolean): Material => ({
    width: 1024,
    height: 256,
    cut: true,
    draw(brush) {
      mirror(brush, flip)
      carSide(brush, light, dark)
    },
  })
  const glass = (flip: boolean): Material => ({
    width: 1024,
    height: 128,
    cut: true,
    draw(brush) {
      mirror(brush, flip)
      carGlass(brush, dark)
    },
  })
  return {
    'car-paint': { width: 64, height: 64, draw: (brush) => fade(brush, [light, light]) },
    'car-tail': { width: 512, height: 256, draw: (brush) => carTail(brush, light, dark) },
    'car-rear-glass': { width: 256, height: 128, draw: (brush) => rearGlass(brush, light) },
    'car-shadow': { width: 64, height: 64, draw: (brush) => fade(brush, ['#17181a', '#17181a']) },
    'cut-car-side': side(false),
    'cut-car-side-flip': side(true),
    'cut-car-glass': glass(false),
    'cut-car-glass-flip': glass(true),
    'cut-wheel': { width: 128, height: 128, cut: true, draw: wheel },
  }
}

function mirror({ ctx, width }: Brush, flip: boolean): void {
  if (!flip) return
  ctx.translate(width, 0)
  ctx.scale(-1, 1)
}

/** Tail at the left, nose at the right. */
function carSide(brush: Brush, light: string, dark: string): void {
  const { ctx } = brush
  ctx.beginPath()
  ctx.moveTo(0, 30)
  ctx.lineTo(820, 0)
  ctx.lineTo(990, 70)
  ctx.lineTo(1024, 150)
  ctx.lineTo(1020, 225)
  for (const x of [820, 188]) ctx.arc(x, 225, 100, 0, Math.PI, true)
  ctx.lineTo(0, 225)
  ctx.closePath()
  const gradient = ctx.createLinearGradient(0, 0, 0, 256)
  gradient.addColorStop(0, light)
  gradient.addColorStop(0.35, light)
  gradient.addColorStop(1, dark)
  ctx.fillStyle = gradient
  ctx.fill()
  block(brush, 300, 218, 410, 12, '#191a1c')
  ctx.strokeStyle = 'rgba(0,0,0,0.45)'
  ctx.lineWidth = 3
  ctx.strokeRect(312, 8, 210, 200)
  ctx.strokeRect(522, 4, 200, 204)
  for (const x of [480, 680]) block(brush, x - 24, 48, 42, 10, 'rgba(0,0,0,0.5)', 4)
  block(brush, 0, 52, 44, 62, '#a3161c', 8)
  block(brush, 965, 84, 50, 34, '#dfe6ea', 10)
}

function carGlass(brush: Brush, dark: string): void {
  polygon(brush, [10, 128, 120, 4, 610, 0, 800, 128], dark)
  polygon(brush, [70, 122, 150, 16, 330, 14, 330, 122], '#20282f')
  polygon(brush, [350, 122, 350, 14, 590, 14, 740, 122], '#232c34')
  polygon(brush, [420, 122, 500, 14, 540, 14, 470, 122], 'rgba(255,255,255,0.12)')
}

function carTail(brush: Brush, light: string, dark: string): void {
  fade(brush, [light, light, dark])
  block(brush, 0, 150, 512, 106, '#26282b', 12)
  block(brush, 0, 148, 512, 5, 'rgba(0,0,0,0.5)')
  block(brush, 120, 40, 272, 104, 'rgba(0,0,0,0.14)', 10)
  for (const x of [8, 424]) {
    block(brush, x, 24, 80, 92, '#7c0f14', 12)
    block(brush, x + 8, 32, 64, 40, '#c8252c', 8)
    block(brush, x + 8, 78, 64, 14, '#e2892c', 4)
    block(brush, x + 8, 96, 64, 12, '#d9dcdc', 4)
  }
  for (const x of [60, 400]) disc(brush, x, 226, 26, 12, '#8b8f92')
  disc(brush, 256, 18, 13, 11, '#d2d5d7')
}

function rearGlass(brush: Brush, light: string): void {
  fade(brush, [light, light])
  polygon(brush, [26, 10, 230, 10, 248, 112, 8, 112], '#1c2329')
  polygon(brush, [80, 10, 120, 10, 90, 112, 40, 112], 'rgba(255,255,255,0.1)')
  for (let i = 0; i < 6; i++) block(brush, 22, 26 + i * 14, 212, 1, 'rgba(190,120,60,0.4)')
  block(brush, 118, 100, 60, 4, '#0d0f11', 2)
}

function wheel(brush: Brush): void {
  disc(brush, 64, 64, 63, 63, '#17181a')
  disc(brush, 64, 64, 42, 42, '#a9adb1')
  for (let i = 0; i < 5; i++) {
    const turn = (i * 2 * Math.PI) / 5
    disc(brush, 64 + 25 * Math.cos(turn), 64 + 25 * Math.sin(turn), 9, 9, '#3c3f43')
  }
  disc(brush, 64, 64, 8, 8, '#5a5e63')
}
