-- string-ends
-- {"or":[{"tag":"email","op":"endsWith","value":".org"},{"tag":"city","op":"startsWith","value":"r"}]}

-- By itself: mixed, because a leaf is read from columns

-- mixed
SELECT count(if(n0, 1, NULL)) AS c0
FROM (
SELECT t0.*,
  (b0 OR b1) AS n0
FROM (
SELECT u.`sys_guid`,
  ((p1.`is_deleted` = false AND ends_with(p1.`email`, '.org'))) AS b0,
  (starts_with(p1.`city`, 'r')) AS b1
FROM `sys_users` u
LEFT JOIN [colocate] `profile_1_customer` p1 ON p1.`sys_guid` = u.`sys_guid`
) t0
) t1;

-- bitmap
SELECT sum(bitmap_count(n0)) AS c0
FROM (
SELECT t0.*,
  bitmap_or(b0, b1) AS n0
FROM (
SELECT CAST(s.`sys_guid` DIV 4194304 AS INT) AS `sys_seg`,
  ifnull(bitmap_agg(s.`sys_guid`), bitmap_empty()) AS sys_all,
  ifnull(bitmap_agg(if(s.b0, s.`sys_guid`, NULL)), bitmap_empty()) AS b0,
  ifnull(bitmap_agg(if(s.b1, s.`sys_guid`, NULL)), bitmap_empty()) AS b1
FROM (
SELECT u.`sys_guid`,
  ((p1.`is_deleted` = false AND ends_with(p1.`email`, '.org'))) AS b0,
  (starts_with(p1.`city`, 'r')) AS b1
FROM `sys_users` u
LEFT JOIN [colocate] `profile_1_customer` p1 ON p1.`sys_guid` = u.`sys_guid`
) s
GROUP BY CAST(s.`sys_guid` DIV 4194304 AS INT)
) t0
) t1;
