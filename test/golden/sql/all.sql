-- all
-- {"all":true}

-- By itself: mixed, because there is no leaf

-- mixed
SELECT count(*) AS c0
FROM (
SELECT u.`sys_guid`
FROM `sys_users` u
) t0;

-- bitmap
SELECT sum(bitmap_count(sys_all)) AS c0
FROM (
SELECT CAST(s.`sys_guid` DIV 4194304 AS INT) AS `sys_seg`,
  ifnull(bitmap_agg(s.`sys_guid`), bitmap_empty()) AS sys_all
FROM (
SELECT u.`sys_guid`
FROM `sys_users` u
) s
GROUP BY CAST(s.`sys_guid` DIV 4194304 AS INT)
) t0;
