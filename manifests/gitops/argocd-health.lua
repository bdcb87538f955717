-- The health of a Formation for Argo CD. `obj` is the Formation, as the cluster has it.
-- Argo CD runs this as Lua 5.1 without the string and math libraries.
local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function is_true(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end

local function health(code, message)
  return { status = code, message = message }
end

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "it is being deleted")
end
if status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "the operator hasn't seen the latest spec yet")
end
if is_true("Stalled") then
  return health("Degraded", conditions.Stalled.message)
end
if is_true("Reconciling") then
  return health("Progressing", conditions.Reconciling.message)
end
if is_true("Paused") then
  return health("Suspended", conditions.Paused.message)
end
if not is_true("Ready") then
  return health("Progressing", "it isn't ready yet")
end
if obj.spec.suspend then
  return health("Suspended", "spec.suspend is true: no process runs")
end
return health("Healthy", conditions.Ready.message)
