import { createRandom, type Random } from '@perstream/kit'
import * as words from './words'

/** Everything that can be read or asked about: it varies by seed. */
export interface DemoContent {
  /** When the walk was filmed. */
  readonly recordedAt: Date
  readonly door: { readonly room: string; readonly person: string; readonly department: string }
  readonly calendar: { readonly title: string; readonly entries: readonly CalendarEntry[] }
  readonly receipt: Receipt
  readonly badge: { readonly name: string; readonly role: string; readonly company: string; readonly number: string }
  readonly whiteboard: { readonly project: string; readonly launch: string; readonly password: string }
  readonly parking: { readonly level: string; readonly row: string }
  readonly plate: { readonly number: string; readonly dealer: string }
  readonly shelf: readonly { readonly box: string; readonly contents: string }[]
  readonly command: readonly string[]
  readonly unseen: readonly string[]
}

interface CalendarEntry {
  readonly day: string
  readonly time: string
  readonly title: string
}

interface Receipt {
  readonly bakery: string
  readonly items: readonly { readonly name: string; readonly price: string }[]
  readonly total: string
}

const dayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const
const monthNames = [
  'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November',
  'December',
] as const // biome-ignore format: a word list
const dayMs = 86_400_000

/** Draws the content of a clip: names, prices, times, numbers. Pure: the same random source gives the same content. */
function drawContent(random: Random): DemoContent {
  const recordedAt = drawMoment(random)
  const [host, visitor] = drawNames(random)
  return {
    recordedAt,
    door: {
      room: String(random.integer(1, 6) * 100 + random.integer(1, 40)),
      person: host,
      department: random.pick(words.departments),
    },
    calendar: drawCalendar(random, recordedAt),
    receipt: drawReceipt(random),
    badge: {
      name: visitor,
      role: random.pick(words.roles),
      company: random.pick(words.companies),
      number: String(random.integer(20_000, 90_000)),
    },
    whiteboard: {
      project: random.pick(words.projects),
      launch: `${random.integer(2, 29)} ${random.pick(monthNames)}`,
      password: `${random.pick(words.passwordWords)}${random.integer(22, 99)}`,
    },
    parking: { level: String(random.integer(2, 9)), row: random.pick([...'ACDEFHK']) },
    plate: { number: drawPlate(random), dealer: random.pick(words.dealers) },
    shelf: drawShelf(random),
    command: random.pick(words.commands),
    unseen: random.shuffle(words.unseenQuestions).slice(0, 2),
  }
}

function drawMoment(random: Random): Date {
  const day = Date.UTC(2026, random.integer(0, 12), random.integer(1, 28))
  return new Date(day + random.integer(8 * 60, 17 * 60) * 60_000)
}

function drawNames(random: Random): [string, string] {
  const first = random.shuffle(words.firstNames)
  const last = random.shuffle(words.lastNames)
  return [`${first[0]} ${last[0]}`, `${first[1]} ${last[1]}`]
}

/** The working week after the recording; one of its days has the dentist. */
function drawCalendar(random: Random, recordedAt: Date): DemoContent['calendar'] {
  const monday = new Date(recordedAt.getTime() + ((8 - recordedAt.getUTCDay()) % 7 || 7) * dayMs)
  const days = [0, 1, 2, 3, 4].map((offset) => new Date(monday.getTime() + offset * dayMs))
  const hours = random.shuffle([8, 9, 10, 11, 13, 14, 15, 16, 17, 18])
  const titles = [`Dentist ${random.pick(['check-up', 'appointment'])}`, ...random.shuffle(words.errands).slice(0, 4)]
  const shuffled = random.shuffle(titles)
  return {
    title: `${monthNames[monday.getUTCMonth()]!.toUpperCase()} ${monday.getUTCFullYear()}`,
    entries: days.map((day, i) => ({
      day: `${dayNames[day.getUTCDay()]!} ${day.getUTCDate()}`,
      time: `${hours[i]}:${random.pick(['15', '30', '45', '10', '50'])}`,
      title: shuffled[i]!,
    })),
  }
}

function drawReceipt(random: Random): Receipt {
  const cents = [0, 1, 2].map(() => random.integer(22, 90) * 5)
  const items = random.shuffle(words.bakedGoods).slice(0, 3)
  return {
    bakery: random.pick(words.bakeries),
    items: items.map((name, i) => ({ name, price: money(cents[i]!) })),
    total: money(cents.reduce((sum, price) => sum + price, 0)),
  }
}

const money = (cents: number) => (cents / 100).toFixed(2)

function drawPlate(random: Random): string {
  const letter = () => random.pick([...words.plateLetters])
  return `${letter()}${letter()}${letter()} ${random.integer(2234, 9999)}`
}

function drawShelf(random: Random): DemoContent['shelf'] {
  const numbers = random.shuffle([11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24]).slice(0, 4)
  return random
    .shuffle(words.stored)
    .slice(0, 4)
    .map((contents, i) => ({ box: String(numbers[i]), contents }))
}

/** Draws the content of a seed: the first draw in which no answer happens to stand in another place too. */
export function contentOf(seed: number, isAmbiguous: (content: DemoContent) => boolean): DemoContent {
  for (let attempt = 0; ; attempt++) {
    const content = drawContent(createRandom(seed * 1009 + attempt))
    if (!isAmbiguous(content)) return content
  }
}
