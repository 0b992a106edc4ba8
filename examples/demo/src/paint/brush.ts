import type { SKRSContext2D } from '@napi-rs/canvas'
import type { Random } from '@perstream/kit'

/** A drawing surface of `width` x `height` units, with the random source of the texture. */
export interface Brush {
  readonly ctx: SKRSContext2D
  readonly width: number
  readonly height: number
  readonly random: Random
}

/** Fills the whole surface. */
export function flood({ ctx, width, height }: Brush, color: string): void {
  ctx.fillStyle = color
  ctx.fillRect(0, 0, width, height)
}

/** Fills a rectangle; with a radius its corners are round. */
export function block({ ctx }: Brush, x: number, y: number, w: number, h: number, color: string, radius = 0): void {
  ctx.fillStyle = color
  ctx.beginPath()
  ctx.roundRect(x, y, w, h, radius)
  ctx.fill()
}

/** Fills a polygon given as x, y, x, y, ... */
export function polygon({ ctx }: Brush, points: readonly number[], color: string): void {
  ctx.fillStyle = color
  ctx.beginPath()
  for (let i = 0; i < points.length; i += 2) ctx.lineTo(points[i]!, points[i + 1]!)
  ctx.closePath()
  ctx.fill()
}

/** Fills an ellipse. */
export function disc({ ctx }: Brush, x: number, y: number, rx: number, ry: number, color: string): void {
  ctx.fillStyle = color
  ctx.beginPath()
  ctx.ellipse(x, y, rx, ry, 0, 0, 2 * Math.PI)
  ctx.fill()
}

/** Fills the surface from top to bottom with a run of colours. */
export function fade({ ctx, width, height }: Brush, colors: readonly string[]): void {
  const gradient = ctx.createLinearGradient(0, 0, 0, height)
  for (const [i, color] of colors.entries()) gradient.addColorStop(i / (colors.length - 1), color)
  ctx.fillStyle = gradient
  ctx.fillRect(0, 0, width, height)
}

/** Strews soft spots that wrap around the edges: stains, unevenness. Dark and light ones in turn. */
export function mottle(brush: Brush, count: number, radius: number, strength: number): void {
  const { ctx, width, height, random } = brush
  for (let i = 0; i < count; i++) {
    const size = radius * (0.4 + random.next())
    const tone = i % 2 === 0 ? '0,0,0' : '255,255,255'
    const x = random.next() * width
    const y = random.next() * height
    for (const dx of [-width, 0, width])
      for (const dy of [-height, 0, height]) {
        if (x + dx < -size || x + dx > width + size || y + dy < -size || y + dy > height + size) continue
        const gradient = ctx.createRadialGradient(x + dx, y + dy, 0, x + dx, y + dy, size)
        gradient.addColorStop(0, `rgba(${tone},${strength})`)
        gradient.addColorStop(1, `rgba(${tone},0)`)
        ctx.fillStyle = gradient
        ctx.fillRect(x + dx - size, y + dy - size, 2 * size, 2 * size)
      }
  }
}

/** Adds fine grain: every pixel a little lighter or darker. `amount` is the deviation in levels of 255. */
export function grain({ ctx, random }: Brush, amount: number): void {
  const { width, height } = ctx.canvas
  const image = ctx.getImageData(0, 0, width, height)
  const { data } = image
  for (let i = 0; i < data.length; i += 4) {
    const shift = (random.next() + random.next() - 1) * amount * 2
    for (let channel = 0; channel < 3; channel++) data[i + channel] = data[i + channel]! + shift
  }
  ctx.putImageData(image, 0, 0)
}

/** Draws wood: `boards` across the height, with grain along them. */
export function planks(brush: Brush, boards: number, tones: readonly string[], joint: string): void {
  const { ctx, width, height, random } = brush
  const size = height / boards
  for (let i = 0; i < boards; i++) {
    block(brush, 0, i * size, width, size, random.pick(tones))
    for (let streak = 0; streak < 26; streak++) {
      ctx.strokeStyle = `rgba(${random.next() < 0.5 ? '40,20,5' : '255,230,190'},${0.03 + 0.07 * random.next()})`
      ctx.lineWidth = 0.5 + 2 * random.next()
      const y = (i + random.next()) * size
      ctx.beginPath()
      ctx.moveTo(0, y)
      ctx.bezierCurveTo(width / 3, y + random.gaussian() * 3, (2 * width) / 3, y + random.gaussian() * 3, width, y)
      ctx.stroke()
    }
    block(brush, 0, i * size, width, Math.max(1, size * 0.018), joint)
    block(brush, random.next() * width, i * size, Math.max(1.2, size * 0.02), size, joint)
  }
}
