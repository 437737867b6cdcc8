-- string-in-backslash-emoji
-- {"tag":"city","op":"in","value":["\\","😀","oslo","--","/*","\u0000"]}

-- By itself: mixed, because a leaf is read from columns

-- mixed
SELECT count(if(b0, 1, NULL)) AS c0
FROM (
SELECT u.`sys_guid`,
  (p1.`city` IN ('\0', '--', '/*', '\\', 'oslo', '😀')) AS b0
FROM `sys_users` u
LEFT JOIN [colocate] `profile_1_customer` p1 ON p1.`sys_guid` = u.`sys_guid`
) t0;

-- bitmap
SELECT sum(bitmap_count(b0)) AS c0
FROM (
SELECT CAST(s.`sys_guid` DIV 4194304 AS INT) AS `sys_seg`,
  ifnull(bitmap_agg(s.`sys_guid`), bitmap_empty()) AS sys_all,
  ifnull(bitmap_agg(if(s.b0, s.`sys_guid`, NULL)), bitmap_empty()) AS b0
FROM (
SELECT u.`sys_guid`,
  (p1.`city` IN ('\0', '--', '/*', '\\', 'oslo', '😀')) AS b0
FROM `sys_users` u
LEFT JOIN [colocate] `profile_1_customer` p1 ON p1.`sys_guid` = u.`sys_guid`
) s
GROUP BY CAST(s.`sys_guid` DIV 4194304 AS INT)
) t0;
