import type { DemoContent } from './content'

/** A typeface a line is set in. */
export type Typeface = 'sans' | 'sans-bold' | 'condensed' | 'serif' | 'mono-bold' | 'hand'

/** One printed or written line. Millimetres from the sheet's top left corner; `y` is the baseline, `size` the font size. */
export interface SheetLine {
  readonly text: string
  readonly x: number
  readonly y: number
  readonly size: number
  readonly face: Typeface
  readonly color: string
  readonly align?: 'left' | 'center' | 'right'
}

/** What a sheet is made of; the painter knows how each looks. */
export type SheetKind =
  | 'door-sign'
  | 'calendar'
  | 'receipt'
  | 'badge'
  | 'whiteboard'
  | 'parking'
  | 'plate'
  | 'label'
  | 'poster'

/** Something flat with text on it. Sizes in millimetres. */
export interface Sheet {
  readonly id: string
  readonly kind: SheetKind
  readonly width: number
  readonly height: number
  readonly lines: readonly SheetLine[]
}

const ink = '#1d1f24'

type LineStyle = Omit<SheetLine, 'text' | 'x' | 'y'>

const line = (text: string, x: number, y: number, style: LineStyle): SheetLine => ({ text, x, y, ...style })

/** Lays out every text of a clip. */
export function sheetsOf(content: DemoContent): Sheet[] {
  return [
    doorSign(content),
    calendar(content),
    receipt(content),
    badge(content),
    whiteboard(content),
    parking(content),
    plate(content),
    poster(content),
    ...labels(content),
  ]
}

function doorSign({ door }: DemoContent): Sheet {
  return {
    id: 'door-sign',
    kind: 'door-sign',
    width: 320,
    height: 220,
    lines: [
      line(`ROOM ${door.room}`, 24, 80, { size: 54, face: 'sans-bold', color: '#ffffff' }),
      line(door.person, 24, 142, { size: 34, face: 'sans', color: '#ffffff' }),
      line(door.department, 24, 188, { size: 30, face: 'sans', color: '#d6e4ee' }),
    ],
  }
}

function calendar({ calendar: { title, entries } }: DemoContent): Sheet {
  return {
    id: 'calendar',
    kind: 'calendar',
    width: 470,
    height: 400,
    lines: [
      line(title, 235, 62, { size: 40, face: 'serif', color: '#ffffff', align: 'center' }),
      ...entries.flatMap((entry, i) => {
        const y = 132 + i * 58
        return [
          line(entry.day, 16, y, { size: 26, face: 'sans-bold', color: '#a3352b' }),
          line(`${entry.time} ${entry.title}`, 136, y, { size: 31, face: 'hand', color: '#1f3a86' }),
        ]
      }),
    ],
  }
}

function receipt({ receipt: { bakery, items, total } }: DemoContent): Sheet {
  const style = { size: 15, face: 'mono-bold', color: ink } as const
  const row = (name: string, price: string, y: number, big = style as LineStyle) => [
    line(name, 12, y, big),
    line(price, 148, y, { ...big, align: 'right' }),
  ]
  return {
    id: 'receipt',
    kind: 'receipt',
    width: 160,
    height: 210,
    lines: [
      line(bakery.toUpperCase(), 80, 30, { size: 19, face: 'mono-bold', color: ink, align: 'center' }),
      line('BAKERY', 80, 50, { size: 19, face: 'mono-bold', color: ink, align: 'center' }),
      ...items.flatMap((item, i) => row(item.name, item.price, 84 + i * 22)),
      ...row('TOTAL', total, 162, { size: 21, face: 'mono-bold', color: ink }),
      line('Paid by card', 80, 190, { ...style, align: 'center' }),
    ],
  }
}

function badge({ badge: { name, role, company, number } }: DemoContent): Sheet {
  return {
    id: 'badge',
    kind: 'badge',
    width: 110,
    height: 150,
    lines: [
      line(company, 55, 20, { size: 12.5, face: 'sans-bold', color: '#ffffff', align: 'center' }),
      line(name, 55, 100, { size: 12.8, face: 'sans-bold', color: ink, align: 'center' }),
      line(role, 55, 118, { size: 12, face: 'sans', color: '#444a55', align: 'center' }),
      line(`Badge ${number}`, 55, 139, { size: 12, face: 'sans', color: '#444a55', align: 'center' }),
    ],
  }
}

function whiteboard({ whiteboard: { project, launch, password } }: DemoContent): Sheet {
  const style = { size: 92, face: 'hand', color: '#1c3f94' } as const
  return {
    id: 'whiteboard',
    kind: 'whiteboard',
    width: 1600,
    height: 950,
    lines: [
      line(`Project ${project}`, 110, 170, { size: 120, face: 'hand', color: '#b3261e' }),
      line(`Launch date: ${launch}`, 110, 330, style),
      line('Demo for the board first', 110, 470, style),
      line(`Guest Wi-Fi password: ${password}`, 110, 640, { ...style, color: '#1b6b3a' }),
      line('Ask Lena about the budget', 110, 800, style),
    ],
  }
}

function parking({ parking: { level, row } }: DemoContent): Sheet {
  return {
    id: 'parking',
    kind: 'parking',
    width: 520,
    height: 620,
    lines: [
      line('PARKING', 260, 300, { size: 84, face: 'sans-bold', color: '#ffffff', align: 'center' }),
      line(`LEVEL ${level}`, 260, 425, { size: 104, face: 'sans-bold', color: '#ffffff', align: 'center' }),
      line(`ROW ${row}`, 260, 545, { size: 84, face: 'sans-bold', color: '#ffd54a', align: 'center' }),
    ],
  }
}

function plate({ plate: { number, dealer } }: DemoContent): Sheet {
  return {
    id: 'plate',
    kind: 'plate',
    width: 520,
    height: 170,
    lines: [
      line(number, 268, 105, { size: 104, face: 'condensed', color: '#11151c', align: 'center' }),
      line(`${dealer} Motors`, 260, 155, { size: 32, face: 'sans-bold', color: '#f2f2f2', align: 'center' }),
    ],
  }
}

function poster({ command }: DemoContent): Sheet {
  return {
    id: 'poster',
    kind: 'poster',
    width: 760,
    height: 520,
    lines: command.map((text, i) =>
      line(text, 380, 160 + i * 110, { size: 52, face: 'sans-bold', color: '#fff4dd', align: 'center' }),
    ),
  }
}

function labels({ shelf }: DemoContent): Sheet[] {
  return shelf.map(({ box, contents }, i) => ({
    id: `label-${i + 1}`,
    kind: 'label',
    width: 300,
    height: 150,
    lines: [
      line(`BOX ${box}`, 150, 62, { size: 50, face: 'sans-bold', color: ink, align: 'center' }),
      line(contents, 150, 118, { size: 38, face: 'sans', color: ink, align: 'center' }),
    ],
  }))
}
