import { crc32, deflateSync } from 'node:zlib'

type Colour = readonly [red: number, green: number, blue: number]

const [width, height] = [240, 135]
const wallColours: readonly Colour[] = [
  [205, 190, 168],
  [172, 186, 190],
  [190, 176, 150],
  [158, 170, 160],
]

/** Draws a plain view down a corridor with a sign on its wall, different for each index, as a PNG data URL. */
export function drawThumbnail(index: number): string {
  const wall = wallColours[Math.floor(index / 6) % wallColours.length]!
  const signLeft = 40 + ((index * 37) % 130)
  const horizon = 58 + 8 * Math.sin(index / 2)
  const rows: Buffer[] = []
  for (let y = 0; y < height; y++) {
    const row = Buffer.alloc(1 + 3 * width)
    for (let x = 0; x < width; x++) {
      const inSign = x > signLeft && x < signLeft + 52 && y > 30 && y < 66
      const onLetter = inSign && y > 38 && y < 58 && y % 8 < 3 && x > signLeft + 6 && x < signLeft + 46
      const floor = y > horizon + Math.abs(x - width / 2) * 0.35
      const colour: Colour = onLetter ? [40, 44, 52] : inSign ? [244, 240, 228] : floor ? [112, 98, 84] : wall
      const light = 0.62 + 0.38 * (1 - Math.hypot(x - width / 2, y - height / 3) / width)
      row.set(
        colour.map((value) => Math.round(value * light)),
        1 + 3 * x,
      )
    }
    rows.push(row)
  }
  return `data:image/png;base64,${encodePng(Buffer.concat(rows)).toString('base64')}`
}

function encodePng(rows: Buffer): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(content.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}
