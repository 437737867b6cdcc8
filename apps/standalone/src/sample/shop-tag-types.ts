import type { JsonValue } from '@tessera/tag-catalog';
import { CATEGORIES, CHANNELS, LANDING_PAGES } from './shop-world';

interface Named {
  readonly name: string;
  readonly labels: { readonly en: string; readonly zh: string };
}

/** An enum's `values` with their labels. */
function enumOf(named: readonly Named[]): { readonly values: readonly string[]; readonly valueLabels: JsonValue } {
  return {
    values: named.map((value) => value.name),
    valueLabels: Object.fromEntries(named.map((value) => [value.name, value.labels])),
  };
}

const GENDERS: readonly Named[] = [
  { name: 'female', labels: { en: 'Female', zh: '女' } },
  { name: 'male', labels: { en: 'Male', zh: '男' } },
  { name: 'other', labels: { en: 'Other', zh: '其他' } },
];

const SHOPPER: JsonValue = {
  name: 'shopper',
  kind: 'profile',
  labels: { en: 'Shopper', zh: '顾客' },
  owner: 'customer-care',
  description: 'Who a customer of the sample shop is now.',
  tags: [
    {
      name: 'gender',
      valueType: 'enum',
      ...enumOf(GENDERS),
      labels: { en: 'Gender', zh: '性别' },
      group: 'person',
      description: 'As stated; about one customer in twelve states none.',
    },
    {
      name: 'birthday',
      valueType: 'date',
      labels: { en: 'Birthday', zh: '生日' },
      group: 'person',
      description: 'As stated; missing for about one in six.',
    },
    {
      name: 'city',
      valueType: 'string',
      labels: { en: 'City', zh: '城市' },
      group: 'person',
      description: 'City of the delivery address, in lower-case pinyin.',
    },
    {
      name: 'interests',
      valueType: 'set',
      labels: { en: 'Interests', zh: '兴趣' },
      group: 'person',
      description:
        'Ticked at registration; the empty set means that none was ticked, no value that the question was skipped.',
    },
    {
      name: 'signed_up_at',
      valueType: 'datetime',
      labels: { en: 'Signed up at', zh: '注册时间' },
      group: 'membership',
    },
    {
      name: 'level',
      valueType: 'int',
      labels: { en: 'Membership level', zh: '会员等级' },
      group: 'membership',
      description: '1 to 8; grows with what was spent and with the years.',
      quality: { range: { min: 1, max: 8 } },
    },
    {
      name: 'account_closed',
      valueType: 'bool',
      labels: { en: 'Account closed', zh: '已注销' },
      group: 'membership',
      description: 'Set for everyone.',
    },
    {
      name: 'email_opt_in',
      valueType: 'bool',
      labels: { en: 'E-mail allowed', zh: '允许邮件' },
      group: 'contact',
    },
    {
      name: 'push_enabled',
      valueType: 'bool',
      labels: { en: 'Push enabled', zh: '允许推送' },
      group: 'contact',
      description:
        'Of those who have the app. Every use counts open accounts only (implied condition account_closed = false): a closed account can not be pushed to.',
      impliedConditions: [{ tag: 'account_closed', op: 'eq', value: false }],
    },
    {
      name: 'total_spend',
      valueType: 'decimal',
      scale: 2,
      unit: 'CNY',
      labels: { en: 'Total spend', zh: '累计消费' },
      group: 'value',
      description: 'Sum of the amounts of all purchases of the last 18 months; no value for those who bought nothing.',
    },
    {
      name: 'cart_value',
      valueType: 'decimal',
      scale: 2,
      unit: 'CNY',
      ttl: 'P14D',
      labels: { en: 'Cart value', zh: '购物车金额' },
      group: 'value',
      description: 'What lies in the cart after the last visit; forgotten after 14 days.',
    },
  ],
};

const MARKETING: JsonValue = {
  name: 'marketing',
  kind: 'kv',
  labels: { en: 'Marketing', zh: '营销' },
  owner: 'marketing',
  description: 'Open sets of values that campaigns add to as they go.',
  tags: [
    {
      name: 'campaign',
      valueType: 'string',
      labels: { en: 'Campaign', zh: '来源活动' },
      group: 'marketing',
      description: 'The campaign that brought the customer, where one did.',
    },
    {
      name: 'coupon',
      valueType: 'string',
      labels: { en: 'Coupon', zh: '优惠券' },
      group: 'marketing',
      description: 'The newest coupon handed out.',
    },
  ],
};

const PURCHASE: JsonValue = {
  name: 'purchase',
  kind: 'event',
  labels: { en: 'Purchase', zh: '购买' },
  owner: 'orders',
  description: 'One order line: the lines of an order share order_id and time.',
  properties: [
    { name: 'order_id', valueType: 'string', labels: { en: 'Order', zh: '订单号' } },
    { name: 'sku', valueType: 'string', labels: { en: 'Product', zh: '商品编号' } },
    { name: 'category', valueType: 'enum', ...enumOf(CATEGORIES), labels: { en: 'Category', zh: '品类' } },
    { name: 'quantity', valueType: 'int', labels: { en: 'Quantity', zh: '数量' } },
    {
      name: 'amount',
      valueType: 'decimal',
      scale: 2,
      labels: { en: 'Amount', zh: '金额' },
      description: 'Price × quantity less discount, in CNY.',
    },
    {
      name: 'discount',
      valueType: 'decimal',
      scale: 2,
      labels: { en: 'Discount', zh: '优惠金额' },
      description: 'In CNY; no value where there was none.',
    },
  ],
};

const VISIT: JsonValue = {
  name: 'visit',
  kind: 'event',
  labels: { en: 'Visit', zh: '访问' },
  owner: 'web',
  description: 'One visit to the shop, bought or not.',
  properties: [
    { name: 'channel', valueType: 'enum', ...enumOf(CHANNELS), labels: { en: 'Channel', zh: '渠道' } },
    { name: 'landing_page', valueType: 'enum', ...enumOf(LANDING_PAGES), labels: { en: 'Landing page', zh: '落地页' } },
    { name: 'pages', valueType: 'int', labels: { en: 'Pages seen', zh: '浏览页数' } },
    {
      name: 'duration',
      valueType: 'int',
      labels: { en: 'Duration in seconds', zh: '停留秒数' },
      description: 'No value where the visitor left at once.',
    },
  ],
};

/** What the sample shop declares, in the form of `POST /v1/tag-types`. */
export const SHOP_TAG_TYPES: readonly JsonValue[] = [SHOPPER, MARKETING, PURCHASE, VISIT];
