# A shop that counts its visits; DATABASE_URL and SECRET_KEY_BASE are in the environment.
require "rails"
require "active_record/railtie"
require "action_controller/railtie"

module Shop
  class Application < Rails::Application
    config.load_defaults 6.1
    config.eager_load = true
    config.logger = ActiveSupport::Logger.new($stdout)
    config.log_level = :info
    config.active_record.dump_schema_after_migration = false # the image can't be written
  end
end
