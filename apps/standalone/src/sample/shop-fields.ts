import { fieldIndex } from '@tessera/tag-catalog';
import type { Catalog, FieldDefinition, FieldWrite, TagTypeDefinition, TagValue } from '@tessera/tag-catalog';

/** The writes of one field, one object per value: a shop writes the same few values millions of times. */
export class WriteCache<Value extends boolean | number | string> {
  readonly #writes = new Map<Value, FieldWrite>();

  constructor(readonly field: FieldDefinition) {}

  of(value: Value): FieldWrite {
    let write = this.#writes.get(value);
    if (write === undefined) {
      write = { op: 'set', field: this.field, value };
      this.#writes.set(value, write);
    }
    return write;
  }
}

/** The shop's tag types and fields, looked up once in the catalogue. */
export class ShopFields {
  readonly shopper: TagTypeDefinition;
  readonly marketing: TagTypeDefinition;
  readonly purchase: TagTypeDefinition;
  readonly visit: TagTypeDefinition;

  readonly gender: WriteCache<string>;
  readonly city: WriteCache<string>;
  readonly level: WriteCache<number>;
  readonly accountClosed: WriteCache<boolean>;
  readonly emailOptIn: WriteCache<boolean>;
  readonly pushEnabled: WriteCache<boolean>;
  readonly birthday: FieldDefinition;
  readonly interests: FieldDefinition;
  readonly signedUpAt: FieldDefinition;
  readonly totalSpend: FieldDefinition;
  readonly cartValue: FieldDefinition;

  readonly campaign: WriteCache<string>;
  readonly coupon: WriteCache<string>;

  readonly orderId: FieldDefinition;
  readonly sku: WriteCache<string>;
  readonly category: WriteCache<string>;
  readonly quantity: WriteCache<number>;
  readonly amount: FieldDefinition;
  readonly discount: FieldDefinition;

  readonly channel: WriteCache<string>;
  readonly landingPage: WriteCache<string>;
  readonly pages: WriteCache<number>;
  readonly duration: WriteCache<number>;

  /** @param catalog one that `declareShop` has been through. */
  constructor(catalog: Catalog) {
    this.shopper = typeOf(catalog, 'shopper');
    this.marketing = typeOf(catalog, 'marketing');
    this.purchase = typeOf(catalog, 'purchase');
    this.visit = typeOf(catalog, 'visit');
    const shopper = (name: string): FieldDefinition => fieldOf(this.shopper, name);
    this.gender = new WriteCache(shopper('gender'));
    this.city = new WriteCache(shopper('city'));
    this.level = new WriteCache(shopper('level'));
    this.accountClosed = new WriteCache(shopper('account_closed'));
    this.emailOptIn = new WriteCache(shopper('email_opt_in'));
    this.pushEnabled = new WriteCache(shopper('push_enabled'));
    this.birthday = shopper('birthday');
    this.interests = shopper('interests');
    this.signedUpAt = shopper('signed_up_at');
    this.totalSpend = shopper('total_spend');
    this.cartValue = shopper('cart_value');
    this.campaign = new WriteCache(fieldOf(this.marketing, 'campaign'));
    this.coupon = new WriteCache(fieldOf(this.marketing, 'coupon'));
    const purchase = (name: string): FieldDefinition => fieldOf(this.purchase, name);
    this.orderId = purchase('order_id');
    this.sku = new WriteCache(purchase('sku'));
    this.category = new WriteCache(purchase('category'));
    this.quantity = new WriteCache(purchase('quantity'));
    this.amount = purchase('amount');
    this.discount = purchase('discount');
    const visit = (name: string): FieldDefinition => fieldOf(this.visit, name);
    this.channel = new WriteCache(visit('channel'));
    this.landingPage = new WriteCache(visit('landing_page'));
    this.pages = new WriteCache(visit('pages'));
    this.duration = new WriteCache(visit('duration'));
  }
}

/** A write of a value that is not worth caching. */
export function setTo(field: FieldDefinition, value: TagValue): FieldWrite {
  return { op: 'set', field, value };
}

function typeOf(catalog: Catalog, name: string): TagTypeDefinition {
  const type = catalog.type(name);
  if (type === undefined)
    throw new Error(`Tag type "${name}" of the sample shop is not declared; call declareShop first`);
  return type;
}

function fieldOf(type: TagTypeDefinition, name: string): FieldDefinition {
  const field = fieldIndex(type).get(name);
  if (field === undefined)
    throw new Error(`Tag type "${type.name}" has no field "${name}", which the sample shop needs`);
  return field;
}
