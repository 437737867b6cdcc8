import type { FieldWrite, TagMessage } from '@tessera/tag-catalog';
import { drawInterests, drawPerson } from './draw-person';
import type { Person } from './draw-person';
import { Random } from './random';
import { DAY_MS, ShopCalendar } from './shop-calendar';
import { setTo } from './shop-fields';
import type { ShopFields } from './shop-fields';
import { CAMPAIGNS, CATEGORIES, COUPONS, createProducts, LANDING_PAGES, PRODUCTS_PER_CATEGORY } from './shop-world';
import { WeightedChoice, zipfWeights } from './weighted-choice';

/** What determines the shop, to the last byte. */
export interface ShopOptions {
  /** How many customers; 1 to 50 million. */
  readonly customers: number;
  readonly seed: number;
  /** The end of the 18 months, ms: the moment of loading. */
  readonly endMs: number;
}

const MINUTE_MS = 60_000;
const TOYS = CATEGORIES.findIndex((category) => category.name === 'toys');
/** Nobody visits more often than this in all. */
const VISITS_MAX = 600;

const productChoice = new WeightedChoice(zipfWeights(PRODUCTS_PER_CATEGORY, 0.9));
const categoryChoice = new WeightedChoice(CATEGORIES.map((category) => category.weight));
const pageChoice = new WeightedChoice(LANDING_PAGES.map((page) => page.weight));
const couponChoice = new WeightedChoice(zipfWeights(COUPONS.length, 0.8));
const campaignChoice = new WeightedChoice(zipfWeights(CAMPAIGNS.length, 0.8));

/** What the events of one customer came to. */
interface History {
  spendCents: number;
  orders: number;
  lastVisitMs: number;
  lastVisitBought: boolean;
}

/** cuid of customer number `index`, from 0. */
export function shopCuid(index: number): string {
  return `c${index.toString().padStart(7, '0')}`;
}

/** Makes all messages of one customer after another; any customer can be made without the ones before. */
export class CustomerGenerator {
  readonly #random: Random;
  readonly #calendar: ShopCalendar;
  readonly #products;

  constructor(
    private readonly fields: ShopFields,
    private readonly options: ShopOptions,
  ) {
    this.#random = new Random(options.seed);
    this.#calendar = new ShopCalendar(options.endMs);
    this.#products = createProducts(options.seed);
  }

  /** Appends the messages of customer number `index` to `messages`: events first, then tags. */
  generate(index: number, messages: TagMessage[]): void {
    const random = this.#random;
    random.restart(this.options.seed, index);
    const person = drawPerson(random, index, this.options.customers, this.#calendar);
    const cuid = shopCuid(index);
    const history: History = { spendCents: 0, orders: 0, lastVisitMs: person.signedUpMs, lastVisitBought: false };
    this.#addVisits(person, cuid, index, history, messages);
    messages.push(this.#profile(person, cuid, history));
    const cart = this.#cart(cuid, history);
    if (cart !== null) messages.push(cart);
    const marketing = this.#marketing(person, cuid, history);
    if (marketing !== null) messages.push(marketing);
  }

  #addVisits(person: Person, cuid: string, index: number, history: History, messages: TagMessage[]): void {
    const random = this.#random;
    const from = this.#calendar.activity(person.signedUpMs);
    const to = this.#calendar.activity(person.leftMs);
    // Who signs up is there at that moment; who signed up before the 18 months may not have come since.
    const first = person.signedUpMs >= this.#calendar.startMs ? 1 : 0;
    const visits = first + Math.min(VISITS_MAX, random.poisson(person.visitsPerDay * (to - from)));
    for (let visit = 0; visit < visits; visit += 1) {
      const drawnMs = visit < first ? person.signedUpMs : this.#calendar.drawTime(random, from, to);
      const timeMs = Math.max(drawnMs, person.signedUpMs);
      // The last day is not over yet.
      if (timeMs >= this.options.endMs) continue;
      const seconds = 20 + Math.floor(random.exponential(240));
      const orderMs = timeMs + seconds * 1_000;
      const buys = random.chance(person.buyRate) && orderMs < this.options.endMs;
      messages.push(this.#visit(person, cuid, timeMs, buys ? seconds : random.chance(0.22) ? null : seconds));
      if (buys)
        this.#addOrder(person, cuid, `o${index.toString(36)}-${history.orders + 1}`, orderMs, history, messages);
      if (timeMs >= history.lastVisitMs) {
        history.lastVisitMs = timeMs;
        history.lastVisitBought = buys;
      }
    }
  }

  /** @param seconds null: the visitor left at once. */
  #visit(person: Person, cuid: string, timeMs: number, seconds: number | null): TagMessage {
    const random = this.#random;
    const channel = this.#drawChannel(person);
    const fields: FieldWrite[] = [
      this.fields.channel.of(channel),
      this.fields.landingPage.of(LANDING_PAGES[pageChoice.draw(random)]?.name ?? ''),
      this.fields.pages.of(seconds === null ? 1 : Math.min(60, 2 + Math.floor(seconds / 45))),
    ];
    if (seconds !== null) fields.push(this.fields.duration.of(seconds));
    return { type: this.fields.visit, cuid, timeMs, id: null, fields };
  }

  #drawChannel(person: Person): string {
    const draw = this.#random.unit();
    if (person.mailLover && draw < 0.12) return 'email';
    if (person.hasApp) return draw < 0.78 ? 'app' : draw < 0.9 ? 'mini_program' : 'web';
    return draw < 0.38 ? 'mini_program' : 'web';
  }

  #addOrder(
    person: Person,
    cuid: string,
    orderId: string,
    timeMs: number,
    history: History,
    messages: TagMessage[],
  ): void {
    const random = this.#random;
    const order = setTo(this.fields.orderId, orderId);
    const discountPercent = random.chance(0.16) ? random.between(1, 5) * 5 : 0;
    const atChristmas = this.#calendar.isChristmasSeason(timeMs);
    let lines = 1;
    while (lines < 12 && random.chance(0.57)) lines += 1;
    for (let line = 0; line < lines; line += 1) {
      const category = this.#drawCategory(person, atChristmas);
      const product = this.#products[category]?.[productChoice.draw(random)];
      if (product === undefined) continue;
      const quantity = random.chance(0.78) ? 1 : 1 + Math.ceil(random.exponential(1.4));
      const fullCents = product.priceCents * quantity;
      const discountCents = Math.floor((fullCents * discountPercent) / 100);
      const fields: FieldWrite[] = [
        order,
        this.fields.sku.of(product.sku),
        this.fields.category.of(CATEGORIES[category]?.name ?? ''),
        this.fields.quantity.of(quantity),
        setTo(this.fields.amount, fullCents - discountCents),
      ];
      if (discountCents > 0) fields.push(setTo(this.fields.discount, discountCents));
      messages.push({ type: this.fields.purchase, cuid, timeMs, id: null, fields });
      history.spendCents += fullCents - discountCents;
    }
    history.orders += 1;
  }

  #drawCategory(person: Person, atChristmas: boolean): number {
    const random = this.#random;
    if (atChristmas && random.chance(0.22)) return TOYS;
    if (random.chance(0.62)) return person.favourites[random.between(0, person.favourites.length - 1)] ?? 0;
    return categoryChoice.draw(random);
  }

  #profile(person: Person, cuid: string, history: History): TagMessage {
    const random = this.#random;
    const fields = this.fields;
    const hasLeft = person.leftMs < this.options.endMs;
    const writes: FieldWrite[] = [
      fields.city.of(person.city),
      setTo(fields.signedUpAt, person.signedUpMs),
      fields.accountClosed.of(hasLeft && random.chance(0.07)),
    ];
    if (person.gender !== null) writes.push(fields.gender.of(person.gender));
    if (person.birthday !== null) writes.push(setTo(fields.birthday, person.birthday));
    const interests = drawInterests(random, person);
    if (interests !== null) writes.push(setTo(fields.interests, interests));
    if (random.chance(0.97)) writes.push(fields.level.of(this.#level(person, history)));
    if (random.chance(0.95)) writes.push(fields.emailOptIn.of(random.chance(person.mailLover ? 0.9 : 0.35)));
    if (person.hasApp) writes.push(fields.pushEnabled.of(random.chance(0.58)));
    if (history.orders > 0) writes.push(setTo(fields.totalSpend, history.spendCents));
    return { type: fields.shopper, cuid, timeMs: history.lastVisitMs, id: null, fields: writes };
  }

  #level(person: Person, history: History): number {
    const years = (this.options.endMs - person.signedUpMs) / (365 * DAY_MS);
    return Math.min(8, 1 + Math.floor(0.8 * Math.log2(1 + history.spendCents / 40_000) + 0.4 * years));
  }

  /** What lies in the cart after a visit that did not end in an order. */
  #cart(cuid: string, history: History): TagMessage | null {
    const random = this.#random;
    const ageMs = this.options.endMs - history.lastVisitMs;
    if (history.lastVisitBought || ageMs > 30 * DAY_MS || !random.chance(0.35)) return null;
    const cents = 990 + Math.floor(random.exponential(180)) * 100;
    const timeMs = Math.min(history.lastVisitMs + random.between(1, 9) * MINUTE_MS, this.options.endMs);
    return { type: this.fields.shopper, cuid, timeMs, id: null, fields: [setTo(this.fields.cartValue, cents)] };
  }

  #marketing(person: Person, cuid: string, history: History): TagMessage | null {
    const random = this.#random;
    const fields: FieldWrite[] = [];
    if (random.chance(0.42)) fields.push(this.fields.campaign.of(CAMPAIGNS[campaignChoice.draw(random)] ?? ''));
    if (random.chance(person.mailLover ? 0.45 : 0.15)) {
      fields.push(this.fields.coupon.of(COUPONS[couponChoice.draw(random)] ?? ''));
    }
    if (fields.length === 0) return null;
    return { type: this.fields.marketing, cuid, timeMs: history.lastVisitMs, id: null, fields };
  }
}
