import { INTERESTS, CATEGORIES, CITIES } from './shop-world';
import { DAY_MS } from './shop-calendar';
import type { ShopCalendar } from './shop-calendar';
import type { Random } from './random';
import { WeightedChoice, zipfWeights } from './weighted-choice';

/** How a customer is and behaves; the rows and tags are drawn from it. Null: not stated. */
export interface Person {
  readonly gender: 'female' | 'male' | 'other' | null;
  /** Days since 1970-01-01. */
  readonly birthday: number | null;
  readonly city: string;
  readonly signedUpMs: number;
  /** When the customer lost interest, or later than now. */
  readonly leftMs: number;
  readonly visitsPerDay: number;
  /** Probability that a visit ends in an order. */
  readonly buyRate: number;
  /** Indexes into CATEGORIES. */
  readonly favourites: readonly number[];
  readonly hasApp: boolean;
  readonly mailLover: boolean;
}

/** Share of customers who signed up before the 18 months that the shop covers, over at most so many days. */
const EARLIER_SHARE = 0.3;
const EARLIER_DAYS = 1_100;
/** Signups a day grow by e^0.9 ≈ 2.5 within the 18 months. */
const GROWTH = 0.9;

const cityChoice = new WeightedChoice(zipfWeights(CITIES.length, 0.85));
const categoryWeights = CATEGORIES.map((category) => category.weight);
const anyTaste = new WeightedChoice(categoryWeights);
const womensTaste = new WeightedChoice(tilted({ fashion: 1.5, beauty: 2, electronics: 0.6, sports: 0.8 }));
const mensTaste = new WeightedChoice(tilted({ fashion: 0.6, beauty: 0.3, electronics: 2, sports: 1.7 }));

function tilted(factors: { readonly [category: string]: number }): number[] {
  return CATEGORIES.map((category) => category.weight * (factors[category.name] ?? 1));
}

/**
 * Draws customer number `index` of `customers`; numbers rise with the time of signing up.
 * @param random restarted for this customer.
 */
export function drawPerson(random: Random, index: number, customers: number, calendar: ShopCalendar): Person {
  const gender = drawGender(random);
  const ageYears = Math.min(84, 17 + 60 * random.unit() ** 1.7 + 3 * Math.abs(random.normal()));
  const birthday = Math.floor(calendar.endMs / DAY_MS - ageYears * 365.25);
  const signedUpMs = drawSignUp(random, (index + random.unit()) / customers, calendar);
  const firstActiveMs = Math.max(signedUpMs, calendar.startMs);
  // A third try the shop and do not come back for long; the others stay for some two years.
  const interestDays = random.chance(0.34) ? random.exponential(25) : random.exponential(700);
  const hasApp = random.chance(ageYears < 35 ? 0.66 : ageYears < 55 ? 0.45 : 0.22);
  const taste = gender === 'female' ? womensTaste : gender === 'male' ? mensTaste : anyTaste;
  const favourites = Array.from({ length: random.between(1, 3) }, () => taste.draw(random));
  return {
    gender: random.chance(0.083) ? null : gender,
    birthday: random.chance(0.165) ? null : birthday,
    city: CITIES[cityChoice.draw(random)] ?? '',
    signedUpMs,
    leftMs: firstActiveMs + interestDays * DAY_MS,
    visitsPerDay: Math.min(1.4, 0.0202 * Math.exp(1.15 * random.normal()) * (hasApp ? 1.5 : 1)),
    buyRate: 0.06 + 0.5 * random.unit() ** 1.3,
    favourites,
    hasApp,
    mailLover: random.chance(0.44),
  };
}

function drawGender(random: Random): 'female' | 'male' | 'other' {
  const draw = random.unit();
  if (draw < 0.55) return 'female';
  return draw < 0.993 ? 'male' : 'other';
}

/** @param rank in [0, 1): the place of the customer in the order of signing up. */
function drawSignUp(random: Random, rank: number, calendar: ShopCalendar): number {
  if (rank < EARLIER_SHARE) {
    const age = 1 - rank / EARLIER_SHARE;
    const dayMs = calendar.startMs - Math.ceil(EARLIER_DAYS * age ** 1.4) * DAY_MS;
    return dayMs + calendar.drawTimeOfDay(random);
  }
  const later = (rank - EARLIER_SHARE) / (1 - EARLIER_SHARE);
  const share = Math.log(1 + later * (Math.exp(GROWTH) - 1)) / GROWTH;
  const timeMs = calendar.startMs + share * (calendar.endMs - calendar.startMs);
  const drawn = Math.floor(timeMs / DAY_MS) * DAY_MS + calendar.drawTimeOfDay(random);
  // The last day is not over yet.
  return drawn < calendar.endMs ? drawn : Math.floor(timeMs);
}

/** The interests a person ticks, in UTF-8 byte order: mostly what they buy. Null: the question was skipped. */
export function drawInterests(random: Random, person: Person): readonly string[] | null {
  if (random.chance(0.2)) return null;
  if (random.chance(0.08)) return [];
  const interests = new Set<string>();
  for (const favourite of person.favourites) {
    if (random.chance(0.85)) interests.add(INTERESTS[favourite] ?? '');
  }
  for (let more = random.between(0, 2); more > 0; more -= 1) {
    interests.add(INTERESTS[random.between(0, INTERESTS.length - 1)] ?? '');
  }
  // All of them are ASCII, where the order of UTF-16 units is that of UTF-8 bytes.
  return [...interests].sort();
}
