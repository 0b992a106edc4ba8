import './index'
