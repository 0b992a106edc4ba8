import { type Brush, block, disc, fade, flood, grain, mottle, planks, polygon } from './brush'

/** How a material is drawn: pixels, and whether parts are cut out. */
export interface Material {
  readonly width: number
  readonly height: number
  readonly cut?: boolean
  draw(brush: Brush): void
}

const material = (width: number, height: number, draw: (brush: Brush) => void): Material => ({ width, height, draw })
const cutOut = (width: number, height: number, draw: (brush: Brush) => void): Material => ({
  width,
  height,
  cut: true,
  draw,
})

const plaster = (color: string) =>
  material(512, 512, (brush) => {
    flood(brush, color)
    mottle(brush, 60, 130, 0.02)
    grain(brush, 3)
  })

const plain = (color: string, texture = 2) =>
  material(64, 64, (brush) => {
    flood(brush, color)
    grain(brush, texture)
  })

const carpet = (color: string, speck: number) =>
  material(256, 256, (brush) => {
    flood(brush, color)
    mottle(brush, 40, 50, 0.05)
    grain(brush, speck)
  })

function ceilingTiles(brush: Brush): void {
  flood(brush, '#d9d8d3')
  grain(brush, 7)
  for (let i = 0; i < 4; i++) {
    block(brush, i * 128, 0, 4, 512, '#a9a8a4')
    block(brush, 0, i * 128, 512, 4, '#b4b3af')
  }
}

function concrete(brush: Brush): void {
  flood(brush, '#8d8c88')
  mottle(brush, 120, 90, 0.06)
  grain(brush, 7)
  for (const [x, y] of [[64, 64], [448, 64], [64, 448], [448, 448]] as const) disc(brush, x, y, 5, 5, '#5d5c59') // biome-ignore format: one row
  block(brush, 0, 254, 512, 3, 'rgba(50,50,48,0.55)')
  block(brush, 254, 0, 3, 512, 'rgba(50,50,48,0.4)')
}

function asphalt(brush: Brush): void {
  flood(brush, '#4b4c4e')
  mottle(brush, 90, 80, 0.09)
  grain(brush, 13)
  for (let i = 0; i < 6; i++)
    disc(brush, brush.random.next() * 512, brush.random.next() * 512, 22, 12, 'rgba(15,15,18,0.35)')
}

function tiles(brush: Brush): void {
  flood(brush, '#8f8a80')
  for (let x = 0; x < 4; x++)
    for (let y = 0; y < 4; y++) {
      const shade = brush.random.integer(-8, 9)
      const tone = (x + y) % 2 === 0 ? [206, 199, 184] : [170, 160, 146]
      block(brush, x * 128 + 3, y * 128 + 3, 122, 122, `rgb(${tone.map((value) => value + shade)})`, 3)
    }
  mottle(brush, 40, 60, 0.03)
  grain(brush, 3)
}

function door(brush: Brush): void {
  planks(brush, 1, ['#8a5f3c'], '#6d4829')
  brush.ctx.strokeStyle = 'rgba(45,25,10,0.55)'
  brush.ctx.lineWidth = 5
  for (const y of [60, 300, 640]) brush.ctx.strokeRect(60, y, 392, y === 60 ? 190 : y === 300 ? 290 : 330)
  disc(brush, 456, 520, 20, 20, '#b9b4a8')
  block(brush, 396, 512, 64, 14, '#d4cfc2', 6)
  grain(brush, 3)
}

function windowView(brush: Brush): void {
  fade(brush, ['#9fc4ea', '#cfe1f0', '#e8eae0'])
  disc(brush, 110, 90, 90, 26, 'rgba(255,255,255,0.8)')
  disc(brush, 350, 60, 110, 22, 'rgba(255,255,255,0.7)')
  for (let i = 0; i < 9; i++) {
    const h = 60 + brush.random.next() * 110
    block(brush, i * 60 - 10, 360 - h, 54, h, brush.random.pick(['#7d8794', '#8d8477', '#6e7d86', '#a59a88']))
    for (let row = 0; row < 4; row++)
      for (let column = 0; column < 3; column++)
        block(brush, i * 60 - 3 + column * 15, 368 - h + row * 24, 8, 12, 'rgba(235,240,220,0.55)')
  }
  block(brush, 0, 345, 512, 40, '#5f7d4d')
  block(brush, 0, 372, 512, 12, '#4a6340')
  for (const x of [0, 248, 496]) block(brush, x, 0, 16, 384, '#e9e9e6')
  for (const y of [0, 368]) block(brush, 0, y, 512, 16, '#e9e9e6')
}

function plant(brush: Brush): void {
  const { ctx, random } = brush
  for (let leaf = 0; leaf < 16; leaf++) {
    const lean = (random.next() - 0.5) * 220
    const top = 20 + random.next() * 200
    ctx.strokeStyle = '#37582f'
    ctx.lineWidth = 4
    ctx.beginPath()
    ctx.moveTo(128, 512)
    ctx.quadraticCurveTo(128 + lean * 0.2, top + 140, 128 + lean * 0.8, top + 30)
    ctx.stroke()
    ctx.save()
    ctx.translate(128 + lean * 0.8, top + 30)
    ctx.rotate(lean / 160)
    disc(brush, 0, -8, 17, 48, random.pick(['#3f7a3a', '#4e8f45', '#2f6431', '#5c9a4c']))
    block(brush, -1, -50, 2, 84, '#86b877')
    ctx.restore()
  }
}

function cardboard(brush: Brush): void {
  flood(brush, '#b08d5f')
  mottle(brush, 30, 60, 0.05)
  block(brush, 0, 0, 256, 16, 'rgba(222,200,150,0.75)')
  block(brush, 0, 16, 256, 2, 'rgba(60,40,20,0.4)')
  block(brush, 112, 190, 32, 12, 'rgba(40,25,12,0.8)', 6)
  grain(brush, 5)
}

function picture(brush: Brush): void {
  flood(brush, '#3a2a1c')
  block(brush, 14, 14, 228, 228, '#efe9dc')
  block(brush, 40, 40, 176, 176, '#e4b363')
  disc(brush, 150, 100, 30, 30, '#ef6351')
  polygon(brush, [40, 216, 95, 120, 150, 216], '#38618c')
  polygon(brush, [100, 216, 165, 140, 216, 200, 216, 216], '#1f3d5c')
}

function sea(brush: Brush): void {
  flood(brush, '#efe9dc')
  block(brush, 20, 20, 216, 216, '#bcd9e4')
  disc(brush, 176, 76, 20, 20, '#f6d98a')
  block(brush, 20, 140, 216, 96, '#3a7d94')
  for (let i = 0; i < 12; i++) disc(brush, 30 + brush.random.next() * 190, 150 + i * 6, 18, 1.5, '#8fc0cc')
  polygon(brush, [90, 158, 150, 158, 140, 172, 100, 172], '#5a3b2a')
  polygon(brush, [118, 80, 118, 150, 86, 150], '#f4efe4')
}

function clock(brush: Brush): void {
  disc(brush, 64, 64, 62, 62, '#2b2d31')
  disc(brush, 64, 64, 55, 55, '#f3f1ea')
  for (let i = 0; i < 12; i++) {
    const turn = (i * Math.PI) / 6
    disc(brush, 64 + 47 * Math.cos(turn), 64 + 47 * Math.sin(turn), 3, 3, '#44474d')
  }
  polygon(brush, [62, 64, 66, 64, 88, 34, 85, 32], '#1d1f24')
  polygon(brush, [63, 66, 66, 62, 96, 84, 94, 87], '#1d1f24')
}

function lightSwitch(brush: Brush): void {
  flood(brush, '#e9e7e0')
  block(brush, 14, 14, 36, 36, '#f8f7f3', 4)
  block(brush, 14, 31, 36, 2, '#b5b2a8')
}

function note(color: string) {
  return material(64, 64, (brush) => {
    flood(brush, color)
    for (let i = 0; i < 4; i++) block(brush, 8, 18 + i * 10, 24 + brush.random.next() * 24, 1.5, 'rgba(40,40,60,0.45)')
    disc(brush, 32, 7, 4, 4, '#c62828')
  })
}

function screen(brush: Brush): void {
  fade(brush, ['#20304a', '#35507a'])
  block(brush, 14, 14, 150, 150, '#f4f6f8', 4)
  block(brush, 176, 30, 66, 110, '#26c6a2', 4)
  for (let i = 0; i < 8; i++) block(brush, 26, 30 + i * 15, 60 + brush.random.next() * 60, 5, '#8793a5')
}

function keyboard(brush: Brush): void {
  flood(brush, '#2a2c30')
  for (let row = 0; row < 4; row++)
    for (let key = 0; key < 14; key++) block(brush, 4 + key * 18, 5 + row * 15, 14, 11, '#4b4f57', 2)
}

function bread(brush: Brush): void {
  flood(brush, '#6e4f2b')
  for (let i = 0; i < 9; i++)
    disc(brush, 20 + brush.random.next() * 90, 20 + brush.random.next() * 90, 24, 17, brush.random.pick(['#d79a4b', '#c98539', '#e0ad63'])) // biome-ignore format: one row
  mottle(brush, 20, 16, 0.12)
}

function lanyard(brush: Brush): void {
  polygon(brush, [34, 0, 50, 0, 70, 112, 58, 112], '#b71c1c')
  polygon(brush, [78, 0, 94, 0, 70, 112, 58, 112], '#c62828')
  block(brush, 57, 104, 14, 24, '#9aa0a6', 3)
}

function vent(brush: Brush): void {
  flood(brush, '#6f7275')
  for (let i = 0; i < 10; i++) block(brush, 10, 8 + i * 12, 236, 7, '#303335')
}

function stripes(brush: Brush): void {
  flood(brush, '#e0b400')
  for (let i = -1; i < 3; i++)
    polygon(brush, [i * 64, 128, i * 64 + 64, 0, i * 64 + 96, 0, i * 64 + 32, 128], '#1e1e1e')
  mottle(brush, 20, 40, 0.12)
  grain(brush, 6)
}

/** The materials of the rooms by name. */
export const materials: Readonly<Record<string, Material>> = {
  'plaster-white': plaster('#dcdad2'),
  'plaster-sand': plaster('#cbb894'),
  'plaster-green': plaster('#b9c4a6'),
  'plaster-blue': plaster('#a5b4bf'),
  concrete: material(512, 512, concrete),
  asphalt: material(512, 512, asphalt),
  carpet: carpet('#6b4a43', 16),
  'carpet-blue': carpet('#4c5a6b', 14),
  tiles: material(512, 512, tiles),
  'wood-floor': material(512, 512, (brush) =>
    planks(brush, 8, ['#a97c50', '#b5875a', '#9c7045', '#ad8157'], '#5f4227'),
  ),
  wood: material(512, 256, (brush) => planks(brush, 2, ['#a9784a', '#b18152'], '#8b6038')),
  'wood-dark': material(256, 64, (brush) => planks(brush, 1, ['#5b3f28'], '#4a3220')),
  'ceiling-tiles': material(512, 512, ceilingTiles),
  lamp: plain('#fffaf0', 0),
  'lamp-warm': plain('#ffd79a', 0),
  door: material(512, 1024, door),
  'door-frame': plain('#d8d3c6'),
  metal: plain('#8e9296', 5),
  'road-paint': plain('#c9c8bf', 14),
  stripes: material(128, 128, stripes),
  vent: material(256, 128, vent),
  cabinet: material(256, 256, (brush) => {
    flood(brush, '#e2dfd6')
    brush.ctx.strokeStyle = 'rgba(70,65,55,0.55)'
    brush.ctx.lineWidth = 3
    brush.ctx.strokeRect(8, 8, 240, 240)
    block(brush, 212, 40, 9, 44, '#8d8d8d', 4)
  }),
  fridge: material(256, 512, (brush) => {
    flood(brush, '#c7cbce')
    block(brush, 0, 180, 256, 5, '#6c7072')
    block(brush, 18, 60, 10, 100, '#7e8386', 5)
    block(brush, 18, 205, 10, 150, '#7e8386', 5)
    mottle(brush, 20, 120, 0.04)
  }),
  cork: material(512, 256, (brush) => {
    flood(brush, '#b88a58')
    mottle(brush, 200, 16, 0.1)
    grain(brush, 14)
  }),
  cardboard: material(256, 256, cardboard),
  crate: material(256, 128, (brush) => {
    flood(brush, '#3d6f8e')
    for (let i = 0; i < 5; i++) block(brush, 14 + i * 48, 20, 34, 88, '#2e566f', 8)
  }),
  fabric: carpet('#38404d', 10),
  ceramic: plain('#e8e4da', 2),
  coffee: material(64, 64, (brush) => {
    flood(brush, '#e8e4da')
    disc(brush, 32, 32, 26, 26, '#3b2415')
  }),
  terracotta: plain('#a65b3c', 7),
  soil: plain('#3a2a1e', 18),
  brass: plain('#8c7440', 4),
  toaster: material(128, 64, (brush) => {
    fade(brush, ['#c9ccce', '#8e9295'])
    block(brush, 100, 14, 10, 34, '#333', 3)
  }),
  wicker: material(128, 64, (brush) => {
    flood(brush, '#8a6234')
    for (let i = 0; i < 8; i++)
      for (let j = 0; j < 4; j++) block(brush, i * 16 + (j % 2) * 8, j * 16, 12, 10, '#b58a50', 4)
  }),
  bread: material(128, 128, bread),
  'plastic-dark': plain('#26282c', 3),
  screen: material(256, 128, screen),
  keyboard: material(256, 64, keyboard),
  window: material(512, 512, (brush) => {
    brush.ctx.scale(1, 512 / 384)
    windowView(brush)
  }),
  picture: material(256, 256, picture),
  'picture-sea': material(256, 256, sea),
  switch: material(64, 64, lightSwitch),
  'note-yellow': note('#f2e27a'),
  'note-pink': note('#efb0c0'),
  'note-blue': note('#a9cdea'),
  'cut-clock': cutOut(128, 128, clock),
  'cut-plant': cutOut(256, 512, plant),
  'cut-lanyard': cutOut(128, 128, lanyard),
}
