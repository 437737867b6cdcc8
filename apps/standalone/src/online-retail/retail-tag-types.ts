import type { JsonValue } from '@tessera/tag-catalog';

/** Fraction digits of prices and amounts: the file's prices have up to three, and a whole quantity adds none. */
export const MONEY_SCALE = 3;

const CUSTOMER: JsonValue = {
  name: 'customer',
  kind: 'profile',
  labels: { en: 'Customer', zh: '客户' },
  description: 'One customer of the Online Retail data, summed up from all of their rows.',
  tags: [
    {
      name: 'country',
      valueType: 'string',
      labels: { en: 'Country', zh: '国家' },
      description: "Country of the customer's latest row.",
    },
    {
      name: 'first_order_at',
      valueType: 'datetime',
      labels: { en: 'First order at', zh: '首次下单时间' },
      description: 'Earliest row of an invoice that is no cancellation; no value for customers who only cancelled.',
    },
    {
      name: 'last_order_at',
      valueType: 'datetime',
      labels: { en: 'Last order at', zh: '最近下单时间' },
      description: 'Latest row of an invoice that is no cancellation; no value for customers who only cancelled.',
    },
    {
      name: 'orders',
      valueType: 'int',
      labels: { en: 'Orders', zh: '订单数' },
      description: 'Distinct invoices that are no cancellations.',
    },
    {
      name: 'revenue',
      valueType: 'decimal',
      scale: MONEY_SCALE,
      unit: 'GBP',
      labels: { en: 'Revenue', zh: '净销售额' },
      description: 'Sum of quantity × unit price over all rows; the quantities of cancellations are negative.',
    },
    {
      name: 'cancellations',
      valueType: 'int',
      labels: { en: 'Cancellations', zh: '取消单数' },
      description: 'Distinct invoices whose number starts with C.',
    },
  ],
};

const ORDER_LINE: JsonValue = {
  name: 'order_line',
  kind: 'event',
  labels: { en: 'Order line', zh: '订单行' },
  description: 'One row of the Online Retail data.',
  properties: [
    { name: 'invoice', valueType: 'string', labels: { en: 'Invoice', zh: '发票号' } },
    { name: 'stock_code', valueType: 'string', labels: { en: 'Stock code', zh: '商品编码' } },
    { name: 'quantity', valueType: 'int', labels: { en: 'Quantity', zh: '数量' } },
    { name: 'unit_price', valueType: 'decimal', scale: MONEY_SCALE, labels: { en: 'Unit price in GBP', zh: '单价' } },
    {
      name: 'amount',
      valueType: 'decimal',
      scale: MONEY_SCALE,
      labels: { en: 'Amount in GBP', zh: '金额' },
      description: 'Quantity × unit price; negative for cancellations.',
    },
    {
      name: 'cancelled',
      valueType: 'bool',
      labels: { en: 'Cancelled', zh: '已取消' },
      description: 'The invoice number starts with C.',
    },
  ],
};

/** What the Online Retail data needs, in the form of `POST /v1/tag-types`. */
export const RETAIL_TAG_TYPES: readonly JsonValue[] = [CUSTOMER, ORDER_LINE];
